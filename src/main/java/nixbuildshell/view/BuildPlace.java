package nixbuildshell.view;

import java.util.Optional;
import nixbuildshell.capture.FailedBuild;
import nixbuildshell.console.Messages;
import nixbuildshell.nix.Caller;
import nixbuildshell.sandbox.BuildTop;

/** Where the directory of a build without a sandbox is seen, and what the person is told. */
public final class BuildPlace {
  private static final int SHOWN = 200;

  private BuildPlace() {}

  /** Empty for a build in a sandbox, and when the path cannot be the one of a build directory. */
  static Optional<BuildTop> of(FailedBuild build, Caller caller) {
    return build
        .sandbox()
        .unsandboxedTop()
        .flatMap(top -> BuildTop.of(top.value(), caller.daemonSettings().get("build-dir")));
  }

  /** The same, and says what it means. */
  public static Optional<BuildTop> told(FailedBuild build, Caller caller, Messages messages) {
    Optional<BuildTop> place = of(build, caller);
    build
        .sandbox()
        .unsandboxedTop()
        .map(top -> "NIX_BUILD_TOP was " + top.value().abridged(SHOWN))
        .ifPresent(was -> messages.note(place.isPresent() ? hadNoSandbox(was) : isNoPlace(was)));
    return place;
  }

  private static String hadNoSandbox(String was) {
    return "the build had no sandbox: "
        + was
        + ", where its directory is in here too, and the whole store is shown; what else it could"
        + " see of the host is not in here";
  }

  private static String isNoPlace(String was) {
    return was + ", no place that Nix gives a build: its directory is in /build";
  }
}
