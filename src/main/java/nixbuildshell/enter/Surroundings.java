package nixbuildshell.enter;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
import nixbuildshell.sandbox.BuildTop;
import nixbuildshell.sandbox.Generation;
import nixbuildshell.sandbox.HostPath;
import nixbuildshell.sandbox.Machine;
import nixbuildshell.sandbox.NetworkView;
import nixbuildshell.sandbox.SandboxRequest;
import nixbuildshell.sandbox.StoreView;
import nixbuildshell.session.About;
import nixbuildshell.shell.Start;
import nixbuildshell.store.NixStore;
import nixbuildshell.view.BuildPlace;
import nixbuildshell.view.ConfiguredPaths;
import nixbuildshell.view.NetworkChoice;
import nixbuildshell.view.SandboxPaths;
import nixbuildshell.view.SeenMounts;

/** Asks for a build's sandbox, from what this host and the command line say. */
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

  /** Returns the request for a build that is entered for the first time. */
  SandboxRequest of(
      KeptDirectory kept,
      FailedBuild build,
      BuildUser user,
      Start start,
      StoreView store,
      SandboxPaths paths) {
    Generation generation = kept.isNested() ? Generation.NESTED : Generation.FLAT;
    Optional<BuildTop> top = BuildPlace.told(build, caller, messages);
    NetworkView network = network().of(build, generation);
    Optional<ByteString> binSh = SeenMounts.of(build).flatMap(mounts -> mounts.shell(store, nix));
    ByteString system = build.system().map(Known::value).orElse(ByteString.EMPTY);
    List<HostPath> shown = paths.shownTo(build, generation, binSh.isPresent());
    return new SandboxRequest(
        user.identity(),
        new SandboxRequest.Build(generation, system, binSh.or(start::systemShell), top),
        new SandboxRequest.View(store, network, shown),
        machine());
  }

  /** Returns the request for a session once more. */
  SandboxRequest again(About about, BuildUser user, Start start, StoreView store) {
    SandboxRequest.Build build = Remembered.build(about, start.systemShell());
    NetworkView network = network().again(Remembered.network(about), build.generation());
    List<HostPath> shown = paths().again(Remembered.paths(about));
    return new SandboxRequest(
        user.identity(), build, new SandboxRequest.View(store, network, shown), machine());
  }

  private NetworkChoice network() {
    return new NetworkChoice(options.network(), caller, messages);
  }

  private Machine machine() {
    NixSettings settings = caller.settings();
    return new Machine(
        calls.abi() == Abi.X86_64,
        Files.exists(Path.of("/dev/kvm")),
        settings.isOn("filter-syscalls", true),
        settings.isOn("impersonate-linux-26", false),
        nix.real());
  }
}
