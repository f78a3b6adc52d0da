package nixbuildshell.enter;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Abi;
import nixbuildshell.capture.FailedBuild;
import nixbuildshell.capture.KeptDirectory;
import nixbuildshell.capture.Known;
import nixbuildshell.console.Messages;
import nixbuildshell.files.FileSystem;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.nix.Caller;
import nixbuildshell.nix.NixSettings;
import nixbuildshell.sandbox.Circumstances;
import nixbuildshell.sandbox.Generation;
import nixbuildshell.sandbox.Host;
import nixbuildshell.sandbox.StoreView;
import nixbuildshell.session.About;
import nixbuildshell.shell.Start;
import nixbuildshell.store.NixStore;
import nixbuildshell.view.BuildPlace;
import nixbuildshell.view.ConfiguredPaths;
import nixbuildshell.view.NetworkChoice;
import nixbuildshell.view.SandboxPaths;
import nixbuildshell.view.SeenMounts;

/** What this host and the command line make of a build's circumstances. */
record Surroundings(
    Caller caller,
    SystemCalls calls,
    FileSystem files,
    NixStore nix,
    Options options,
    BooleanSupplier cancelled,
    Messages messages) {

  SandboxPaths paths() {
    ConfiguredPaths configured = new ConfiguredPaths(caller, cancelled);
    return new SandboxPaths(files, options.sandboxPaths(), configured, messages);
  }

  /** The circumstances of a build that is entered for the first time. */
  Circumstances of(
      KeptDirectory kept,
      FailedBuild build,
      Builder builder,
      Start start,
      StoreView store,
      SandboxPaths paths) {
    Generation generation = kept.isNested() ? Generation.NESTED : Generation.FLAT;
    Circumstances circumstances =
        of(builder, start, store)
            .withGeneration(generation)
            .withSystem(build.system().map(Known::value).orElse(ByteString.of("")))
            .withBuildTop(BuildPlace.told(build, caller, messages));
    return with(network().of(build, circumstances), build, paths);
  }

  /** Those of a session once more. */
  Circumstances again(About about, Builder builder, Start start, StoreView store) {
    Circumstances before = network().again(Remembered.again(of(builder, start, store), about));
    return before.withPaths(paths().again(before.paths()));
  }

  /** With what the build had of its host, as far as that may be shown. */
  private Circumstances with(Circumstances base, FailedBuild build, SandboxPaths paths) {
    Optional<ByteString> binSh =
        SeenMounts.of(build).flatMap(mounts -> mounts.shell(base.store(), nix));
    return base.withShell(binSh.or(base::shell))
        .withPaths(paths.shownTo(build, base.generation(), binSh.isPresent()));
  }

  private NetworkChoice network() {
    return new NetworkChoice(options.network(), caller, messages);
  }

  private Circumstances of(Builder builder, Start start, StoreView store) {
    return Circumstances.of(builder.identity(), start.systemShell(), store).on(host());
  }

  private Host host() {
    NixSettings settings = caller.settings();
    return new Host(
        calls.abi() == Abi.X86_64,
        Files.exists(Path.of("/dev/kvm")),
        settings.isOn("filter-syscalls", true),
        settings.isOn("impersonate-linux-26", false),
        nix.real());
  }
}
