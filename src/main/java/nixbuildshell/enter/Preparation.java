package nixbuildshell.enter;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.abi.Abi;
import nixbuildshell.capture.BuilderCall;
import nixbuildshell.capture.Fact;
import nixbuildshell.capture.FailedBuild;
import nixbuildshell.capture.KeptDirectory;
import nixbuildshell.console.Messages;
import nixbuildshell.console.ShellWord;
import nixbuildshell.files.Answers;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.Status;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.nix.Caller;
import nixbuildshell.nix.Configuration;
import nixbuildshell.nix.NixSettings;
import nixbuildshell.sandbox.BinSh;
import nixbuildshell.sandbox.BuildTop;
import nixbuildshell.sandbox.Generation;
import nixbuildshell.sandbox.HostPath;
import nixbuildshell.sandbox.Machine;
import nixbuildshell.sandbox.NetworkView;
import nixbuildshell.sandbox.NixSandbox;
import nixbuildshell.sandbox.Program;
import nixbuildshell.sandbox.SandboxRequest;
import nixbuildshell.sandbox.SandboxSpec;
import nixbuildshell.sandbox.StoreView;
import nixbuildshell.session.Remembered;
import nixbuildshell.session.Session;
import nixbuildshell.shell.SandboxProgram;
import nixbuildshell.shell.Start;
import nixbuildshell.store.KeptName;
import nixbuildshell.store.NixStore;
import nixbuildshell.store.StorePath;
import nixbuildshell.view.AskedAhead;
import nixbuildshell.view.InteractiveBash;
import nixbuildshell.view.NetworkChoice;
import nixbuildshell.view.Packages;
import nixbuildshell.view.SandboxPaths;
import nixbuildshell.view.SeenMounts;
import nixbuildshell.view.StoreChoice;
import nixbuildshell.view.StoreLookup;

/**
 * Decides what the sandbox will be: its user, its program, and what it shows of this host.
 *
 * @param configuration the caller's, of Nix
 * @param answers what earlier runs were told
 * @param cancelled whether to stop waiting for Nix
 */
record Preparation(
    Options options,
    Caller caller,
    Configuration configuration,
    SystemCalls calls,
    FileSystem files,
    Answers answers,
    BooleanSupplier cancelled,
    Messages messages) {
  private static final int LONGEST_NAMED = 200;

  /**
   * Describes a sandbox that can be made.
   *
   * @param store the store that the build was of
   * @param bash where the program is the shell at the failure: the bash in which the caller types.
   *     The session does not remember a mount for it
   */
  record Prepared(
      NixStore store,
      BuildUser user,
      Start start,
      Program program,
      SandboxRequest request,
      Optional<InteractiveBash.Chosen> bash) {
    SandboxSpec spec() {
      return NixSandbox.of(
          bash.map(InteractiveBash.Chosen::mounts).map(request::showing).orElse(request), program);
    }

    /** Makes the mount point of an unsandboxed build's directory in a new session's /tmp. */
    void makeTop(Session session) {
      request.build().top().ifPresent(place -> session.makeInTmp(place.belowTmp(), user.owner()));
    }
  }

  /** Chooses the user for a kept directory's build, and locks it. */
  BuildUser user(KeptDirectory kept, FailedBuild build) throws ErrnoException {
    Status status = kept.build().self().status();
    return build.sandbox().uidRange()
        ? BuildUserRange.of(caller, files, kept.path()).choose(status)
        : BuildUser.choose(caller, files, status);
  }

  /** Returns the user of a session once more, and locks it. */
  BuildUser user(Session session) throws ErrnoException {
    Optional<Long> first = session.remembered().flatMap(before -> before.sandbox().firstUid());
    if (first.isPresent()) {
      return BuildUserRange.of(caller, files, session.path()).again(first.get());
    }
    try (Directory build = session.open("build")) {
      BuildUser user = BuildUser.again(caller, files, build.self().status());
      return session.shownStore().isEmpty() ? user.showing(new StoreView.Whole()) : user;
    }
  }

  /** Returns what asks Nix beside the tool's own work. */
  AskedAhead ahead(NixStore nix) {
    return new AskedAhead(caller, files, nix, answers, configuration, cancelled);
  }

  /**
   * Prepares the sandbox for a new copy of a kept directory.
   *
   * @param ahead may have begun to ask Nix
   */
  Prepared fresh(
      NixStore nix, KeptDirectory kept, FailedBuild build, BuildUser chosen, AskedAhead ahead) {
    List<StorePath> brought = packages(nix).of(options.packages());
    SandboxPaths paths = paths(nix, build.sandbox().directory(), brought, ahead);
    Optional<BuildTop> top =
        build.sandbox().unsandboxedTop().flatMap(told -> place(told.value(), nix));
    Start start = Start.of(build).with(packages(nix).programs(brought));
    StoreView seen = lookup(nix, chosen).of(kept, build, top.isEmpty(), paths);
    Optional<InteractiveBash.Chosen> bash = bash(nix, chosen, start, seen);
    StoreView store = bash.map(InteractiveBash.Chosen::store).orElse(seen);
    BuildUser user = chosen.showing(store);
    Program program = program(build, start, bash);
    Generation generation = generation(kept);
    tellTop(build, top.isPresent());
    caller
        .ignoredBuildDirectory()
        .map(
            path ->
                "sandbox-build-dir = "
                    + path.abridged(LONGEST_NAMED)
                    + " is ignored: no sandbox has its build directory there; it is /build")
        .ifPresent(messages::note);
    NetworkView network = network().of(build, generation);
    Optional<ByteString> had =
        SeenMounts.of(build, nix.directory()).flatMap(mounts -> mounts.shell(store, nix));
    // Without a sandbox, the build had the host's /bin/sh; the shell's stands for that.
    BinSh rule = top.isPresent() ? BinSh.BUILD : binSh();
    List<HostPath> shown = paths.shownTo(build, generation, had.isPresent(), rule);
    Optional<ByteString> shell =
        had.or(() -> rule == BinSh.NIX ? Optional.empty() : start.systemShell());
    ByteString system = build.system().map(Fact::value).orElse(ByteString.EMPTY);
    SandboxRequest request =
        new SandboxRequest(
            user.identity(),
            new SandboxRequest.Build(generation, system, shell, top, build.sandbox().directory()),
            new SandboxRequest.View(store, network, shown),
            machine(nix));
    start.requireShell(request);
    return new Prepared(nix, user, start, program, request, bash);
  }

  private Generation generation(KeptDirectory kept) {
    if (kept.isOfLix()) {
      messages.detail(
          "the directory has Lix's layout; what differs from Lix's sandbox: Lix allows the system"
              + " calls that it lists and refuses all others (ENOSYS), here only those that Nix"
              + " refuses are refused; its fixed-output builds have a network of their own through"
              + " pasta, here it is the host's");
      return Generation.LIX;
    }
    return kept.isNested()
            || KeptName.of(kept.outerName()).filter(KeptName::isNestedInSandbox).isPresent()
        ? Generation.NESTED
        : Generation.FLAT;
  }

  /** Prepares the sandbox of a session once more, as it was. */
  Prepared again(Session session, BuildUser user) {
    Remembered before = session.remembered().orElseThrow();
    Optional<String> unfit = onlyForACopy();
    if (unfit.isPresent()) {
      throw new Failure(
          "cannot use " + unfit.get() + " in " + session.path(),
          "it is for a fresh copy, and this is a session",
          "name the kept directory: " + ShellWord.quote(before.origin()));
    }
    NixStore nix = StoreChoice.again(caller, files, before.store());
    List<StorePath> brought = packages(nix).of(options.packages());
    Start start = Start.again(before, nix).with(packages(nix).programs(brought));
    SandboxRequest.Build build = RememberedSandbox.build(before.sandbox(), start.systemShell());
    SandboxPaths paths = paths(nix, build.directory(), brought, ahead(nix));
    StoreView seen = lookup(nix, user).of(session, paths);
    Optional<InteractiveBash.Chosen> bash = bash(nix, user, start, seen);
    StoreView store = bash.map(InteractiveBash.Chosen::store).orElse(seen);
    Program program = command(start, build.directory(), bash);
    NetworkView network =
        network().again(RememberedSandbox.network(before.sandbox()), build.generation());
    List<HostPath> shown = paths.again(RememberedSandbox.paths(before.sandbox()));
    SandboxRequest request =
        new SandboxRequest(
            user.identity(), build, new SandboxRequest.View(store, network, shown), machine(nix));
    start.requireShell(request);
    return new Prepared(nix, user, start, program, request, bash);
  }

  private Optional<String> onlyForACopy() {
    if (options.builder()) {
      return Optional.of("--builder");
    }
    return options.derivation().isPresent()
        ? Optional.of("--drv")
        : options.binSh().map(any -> "--bin-sh");
  }

  /** Returns what is at {@code /bin/sh}. The builder runs as it did, with what Nix gives. */
  BinSh binSh() {
    return options.binSh().orElse(options.builder() ? BinSh.NIX : BinSh.BUILD);
  }

  /** Decides what becomes of the session: an interactive shell's stays when it was changed. */
  Remembered.Kind kind() {
    boolean shell =
        options.task().isEmpty()
            && !options.builder()
            && SandboxProgram.isInteractive(options.command(), caller.hasTerminal(0));
    return shell || options.task().filter(Options.ShowPath.class::isInstance).isPresent()
        ? Remembered.Kind.INTERACTIVE
        : Remembered.Kind.COMMAND;
  }

  /** Decides whether the caller comes into the shell at the failure. */
  boolean isAtTheFailure(Start start) {
    return options.task().isEmpty()
        && !options.builder()
        && SandboxProgram.isAtTheFailure(
            start, options.command(), caller.hasTerminal(0) && caller.hasTerminal(1));
  }

  private Optional<InteractiveBash.Chosen> bash(
      NixStore nix, BuildUser user, Start start, StoreView view) {
    return isAtTheFailure(start)
        ? Optional.of(
            new InteractiveBash(caller, nix, lookup(nix, user), InteractiveBash.OF_THE_HOST)
                .choose(start.shell().orElseThrow().path(), view))
        : Optional.empty();
  }

  private Program program(FailedBuild build, Start start, Optional<InteractiveBash.Chosen> bash) {
    if (!options.builder()) {
      return command(start, build.sandbox().directory(), bash);
    }
    BuilderCall call = build.run().call().orElseThrow();
    Program program = SandboxProgram.builder(call, build.sandbox().directory());
    List<ByteString> words = new ArrayList<>(call.arguments());
    words.set(0, call.path());
    messages.note("the builder: " + ShellWord.quote(words));
    return program;
  }

  private Program command(Start start, String directory, Optional<InteractiveBash.Chosen> bash) {
    if (bash.isPresent()) {
      return SandboxProgram.atTheFailure(start, bash.get().bash(), directory);
    } else if (options.task().orElse(null) instanceof Options.Retry retry) {
      return SandboxProgram.phase(start, retry.phase(), retry.trace(), directory);
    } else if (options.task().isPresent()) {
      return SandboxProgram.none(directory);
    }
    return SandboxProgram.of(start, options.command(), directory, caller.hasTerminal(0));
  }

  private SandboxPaths paths(
      NixStore nix, String directory, List<StorePath> brought, AskedAhead ahead) {
    List<ByteString> named = new ArrayList<>(options.sandboxPaths());
    brought.forEach(path -> named.add(ByteString.of(nix.directory().path(path))));
    return new SandboxPaths(caller, files, nix.directory(), directory, named, ahead, messages);
  }

  private Packages packages(NixStore nix) {
    return new Packages(caller, nix, cancelled, messages);
  }

  private StoreLookup lookup(NixStore nix, BuildUser user) {
    return new StoreLookup(caller, files, nix, user::couldWrite, answers, cancelled, messages);
  }

  /** Returns the place of an unsandboxed build's directory, if Nix can have put it there. */
  Optional<BuildTop> place(ByteString top, NixStore nix) {
    Optional<ByteString> setting =
        nix.buildDirectory().or(() -> caller.daemonSettings().get("build-dir"));
    return BuildTop.of(top, setting);
  }

  private void tellTop(FailedBuild build, boolean isPlace) {
    build
        .sandbox()
        .unsandboxedTop()
        .map(
            top -> {
              String was = "NIX_BUILD_TOP was " + top.value().abridged(LONGEST_NAMED);
              return isPlace
                  ? "the build had no sandbox: "
                      + was
                      + ", as "
                      + top.source()
                      + " tells; there its directory is in here too, and the whole store is shown;"
                      + " what else it could see of the host is not in here"
                  : was
                      + ", no place that Nix gives a build: its directory is in "
                      + build.sandbox().directory();
            })
        .ifPresent(messages::note);
  }

  private NetworkChoice network() {
    return new NetworkChoice(options.network(), caller, messages);
  }

  private Machine machine(NixStore nix) {
    NixSettings settings = caller.settings();
    return new Machine(
        calls.abi() == Abi.X86_64,
        Files.exists(Path.of("/dev/kvm")),
        settings.isOn("filter-syscalls", true),
        settings.isOn("impersonate-linux-26", false),
        nix);
  }
}
