package nixbuildshell.cli;

import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.capture.FailedBuild;
import nixbuildshell.nix.Configuration;
import nixbuildshell.sandbox.BuildTop;

/** Where the directory of a build without a sandbox is seen, and what the person is told. */
final class BuildPlace {
  private BuildPlace() {}

  /** Empty for a build in a sandbox, and when the path cannot be the one of a build directory. */
  static Optional<BuildTop> of(FailedBuild build, Messages messages) {
    if (build.unsandboxedTop().isEmpty()) {
      return Optional.empty();
    }
    ByteString path = build.unsandboxedTop().get().value();
    Optional<BuildTop> top =
        BuildTop.of(path, Configuration.ofHost(Optional.empty()).get("build-dir"));
    messages.note(
        "the build had no sandbox: NIX_BUILD_TOP was "
            + path
            + ", "
            + (top.isPresent()
                ? "where its directory is in here too"
                : "no place that Nix gives a build: its directory is in /build")
            + "; what else it could see of the host is not in here");
    return top;
  }
}
