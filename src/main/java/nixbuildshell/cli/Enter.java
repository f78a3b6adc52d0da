package nixbuildshell.cli;

import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.capture.BuilderCall;
import nixbuildshell.capture.FailedBuild;
import nixbuildshell.capture.Known;
import nixbuildshell.capture.NixStore;
import nixbuildshell.capture.Note;
import nixbuildshell.capture.Reconstruction;
import nixbuildshell.linux.Directory;
import nixbuildshell.linux.ErrnoException;
import nixbuildshell.linux.FileSystem;
import nixbuildshell.linux.Status;
import nixbuildshell.linux.SystemCalls;
import nixbuildshell.nix.Configuration;
import nixbuildshell.plan.Abi;
import nixbuildshell.plan.Syscall;
import nixbuildshell.sandbox.Circumstances;
import nixbuildshell.sandbox.Generation;
import nixbuildshell.sandbox.Host;
import nixbuildshell.sandbox.NixSandbox;
import nixbuildshell.sandbox.Program;
import nixbuildshell.sandbox.SandboxSpec;
import nixbuildshell.sandbox.StoreView;
import nixbuildshell.session.About;
import nixbuildshell.session.Session;
import nixbuildshell.session.Sessions;
import nixbuildshell.session.ShownStore;

/** {@code nix-build-shell DIR [COMMAND]}: from the arguments to the exit code, room by room. */
final class Enter {
  private final Options options;
  private final Messages messages;
  private final PrintStream out;
  private final SystemCalls calls;
  private final FileSystem files;
  private final SignalRelay signals;
  private NixStore nix = NixStore.DEFAULT;

  Enter(Options options, Messages messages, PrintStream out, SystemCalls calls) {
    this.options = options;
    this.messages = messages;
    this.out = out;
    this.calls = calls;
    this.files = new FileSystem(calls);
    this.signals =
        SignalRelay.install(
            signal -> calls.call(Syscall.KILL, ProcessHandle.current().pid(), signal));
  }

  /**
   * Does it.
   *
   * @return the exit code
   * @throws nixbuildshell.Failure when the tool itself fails
   */
  int run() {
    nix = StoreChoice.of(files, options.store());
    ByteString path = new DirectoryArgument(files, nix, messages).path(options.directory());
    try (KeptDirectory kept = KeptDirectory.open(files, path)) {
      return options.explain() ? explain(kept) : enter(kept);
    } catch (CancellationException e) {
      return ExitCode.SIGNAL + signals.ending();
    } catch (ErrnoException e) {
      throw e.failure("cannot enter " + path, "");
    }
  }

  private int explain(KeptDirectory kept) throws ErrnoException {
    if (Sessions.looksLikeOne(kept.build())) {
      try (Sessions sessions =
          Sessions.open(files, ProcessBytes::environment, options.workDirectory())) {
        Optional<Session> existing = sessions.find(kept.build());
        if (existing.isPresent()) {
          return explain(existing.get());
        }
      }
    }
    FailedBuild build = known(kept);
    try (Builder chosen = builderOf(kept, build)) {
      SandboxPaths paths = paths();
      StoreView store = StoreLookup.of(files, nix, kept, build, paths, this::cancelled, messages);
      Builder builder = chosen.showing(store);
      Start start = Start.of(build);
      Program program = program(build, start);
      Circumstances circumstances = with(of(kept, build, builder, start, store), build, paths);
      start.requireShell(circumstances);
      out.print(SandboxRun.explained(NixSandbox.of(circumstances, program), calls));
      return 0;
    }
  }

  private int explain(Session session) throws ErrnoException {
    try (session;
        Builder builder = builderOf(session)) {
      out.print(SandboxRun.explained(again(session, builder), calls));
      return 0;
    }
  }

  private int enter(KeptDirectory kept) throws ErrnoException {
    try (Sessions sessions =
        Sessions.open(files, ProcessBytes::environment, options.workDirectory())) {
      Optional<Session> existing = sessions.find(kept.build());
      if (existing.isPresent()) {
        return comeBack(sessions, existing.get());
      }
      sessions
          .passedOver()
          .map(path -> path + " is mounted noexec: the session is in " + sessions.path())
          .ifPresent(messages::note);
      FailedBuild build = known(kept);
      try (Builder builder = builderOf(kept, build)) {
        return start(sessions, kept, build, builder);
      }
    }
  }

  private Builder builderOf(KeptDirectory kept, FailedBuild build) throws ErrnoException {
    Status status = kept.build().self().status();
    return build.uidRange()
        ? RangeBuilder.of(files, kept.path()).choose(status)
        : Builder.of(files, status);
  }

  private int start(Sessions sessions, KeptDirectory kept, FailedBuild build, Builder chosen) {
    SandboxPaths paths = paths();
    StoreView seen = StoreLookup.of(files, nix, kept, build, paths, this::cancelled, messages);
    RangeBuilder.requireOthers(files, nix, chosen, seen);
    Builder builder = chosen.showing(seen);
    Start start = Start.of(build);
    Program program = program(build, start);
    Circumstances circumstances = with(of(kept, build, builder, start, seen), build, paths);
    start.requireShell(circumstances);
    ByteString name = ByteString.of(build.name().value());
    Map<String, ByteString> remembered = new HashMap<>(Remembered.of(circumstances));
    remembered.putAll(start.remembered());
    remembered.putAll(StoreChoice.remembered(nix));
    About about = new About(kind(), kept.path(), name, start.shellPath(), remembered);
    Session session = sessions.create(about, builder.owner());
    LayerProbe layers =
        new LayerProbe(calls, builder.identity(), session.directory().self().number());
    StoreView store = StoreLookup.in(session, seen, layers::mounts);
    try (SessionEnd end = new SessionEnd(session, about, messages, signals, terminal(2))) {
      circumstances.buildTop().ifPresent(top -> session.makeInTmp(top.belowTmp(), builder.owner()));
      try (ProgressLine progress =
          new ProgressLine(messages.stream(), terminal(2), "copying the build directory")) {
        new Workspace(files, nix, session, builder.owner(), progress, this::cancelled, messages)
            .fill(kept, build, store);
      } catch (CancellationException e) {
        return ExitCode.SIGNAL + signals.ending();
      }
      return stay(
          sessions, session, NixSandbox.of(circumstances.withStore(store), program), builder);
    }
  }

  /** Works in an earlier run's session, which stays whatever happens. */
  private int comeBack(Sessions sessions, Session session) throws ErrnoException {
    try (session;
        Builder builder = builderOf(session)) {
      return stay(sessions, session, again(session, builder), builder);
    }
  }

  private SandboxSpec again(Session session, Builder builder) throws ErrnoException {
    About about = session.about().orElseThrow();
    if (options.builder() || options.derivation().isPresent()) {
      throw new Failure(
          "cannot use " + (options.builder() ? "--builder" : "--drv") + " in " + session.path(),
          "it is for a fresh copy, and this is a session",
          "name the kept directory: " + ShellWord.quote(about.origin()));
    }
    nix = StoreChoice.again(files, about);
    Start start = Start.again(about, nix);
    Program program = command(start);
    StoreView store = StoreLookup.of(files, nix, session);
    RangeBuilder.requireOthers(files, nix, builder, store);
    Circumstances before = network().again(Remembered.again(of(builder, start, store), about));
    Circumstances circumstances = before.withPaths(paths().again(before.paths()));
    start.requireShell(circumstances);
    return NixSandbox.of(circumstances, program);
  }

  private Builder builderOf(Session session) throws ErrnoException {
    Optional<Long> first = session.about().flatMap(Remembered::firstUid);
    if (first.isPresent()) {
      return RangeBuilder.of(files, session.path()).again(first.get());
    }
    try (Directory build = session.open("build")) {
      Builder builder = Builder.again(files, build.self().status());
      return ShownStore.of(session).isEmpty() ? builder.showing(new StoreView.Whole()) : builder;
    }
  }

  private int stay(Sessions sessions, Session session, SandboxSpec spec, Builder builder) {
    builder.owner().ifPresent(session::renewRoot);
    int descriptor = session.directory().self().number();
    try (Cleaning cleaning = Cleaning.start(sessions, messages)) {
      return new SandboxRun(calls, spec, descriptor, signals).run();
    }
  }

  private FailedBuild known(KeptDirectory kept) {
    int cores = Runtime.getRuntime().availableProcessors();
    FailedBuild build =
        Reconstruction.of(
            kept,
            new Reconstruction.Options(
                options.derivation(),
                cores,
                name -> ProcessBytes.environment(name.latin1()),
                options.builder(),
                new BuildOwners(files.userId(), Path.of("/etc"))),
            nix.finder());
    for (Note note : build.notes()) {
      if (note.level() == Note.Level.WARNING) {
        messages.note(note.text());
      } else {
        messages.detail(note.text());
      }
    }
    Sources.tell(build, messages);
    WhatFailed.tell(build, messages);
    return build;
  }

  private Program program(FailedBuild build, Start start) {
    if (!options.builder()) {
      return command(start);
    }
    BuilderCall call = build.call().orElseThrow();
    Program program = DirectCommand.builder(call, ownSession());
    messages.note("the builder: " + DirectCommand.line(call));
    return program;
  }

  private Program command(Start start) {
    return CommandLineOfShell.program(start, options.command(), terminal(0), ownSession());
  }

  private About.Kind kind() {
    return !options.builder() && CommandLineOfShell.isInteractive(options.command(), terminal(0))
        ? About.Kind.INTERACTIVE
        : About.Kind.COMMAND;
  }

  private SandboxPaths paths() {
    return new SandboxPaths(files, options.sandboxPaths(), this::cancelled, messages);
  }

  /** With what the build had of its host, as far as that may be shown. */
  private Circumstances with(Circumstances base, FailedBuild build, SandboxPaths paths) {
    Optional<ByteString> binSh =
        SeenMounts.of(build).flatMap(mounts -> mounts.shell(base.store(), nix));
    return base.withShell(binSh.or(base::shell)).withPaths(paths.shownTo(build, binSh.isPresent()));
  }

  private Circumstances of(
      KeptDirectory kept, FailedBuild build, Builder builder, Start start, StoreView store) {
    Generation generation = kept.isNested() ? Generation.NESTED : Generation.FLAT;
    Circumstances circumstances =
        of(builder, start, store)
            .withGeneration(generation)
            .withSystem(build.system().map(Known::value).orElse(ByteString.of("")))
            .withBuildTop(BuildPlace.told(build, messages));
    return network().of(build, circumstances);
  }

  private NetworkChoice network() {
    return new NetworkChoice(options.network(), messages);
  }

  private Circumstances of(Builder builder, Start start, StoreView store) {
    boolean kvm = Files.exists(Path.of("/dev/kvm"));
    return Circumstances.of(builder.identity(), start.systemShell(), store).withKvm(kvm).on(host());
  }

  private Host host() {
    Configuration settings = Configuration.ofHost(ProcessBytes.environment("NIX_CONFIG"));
    return new Host(
        calls.abi() == Abi.X86_64,
        settings.isOn("filter-syscalls", true),
        settings.isOn("impersonate-linux-26", false),
        nix.real());
  }

  /** Without any terminal to share, as a build has none, it gets a session of its own. */
  private static boolean ownSession() {
    return !terminal(0) && !terminal(1) && !terminal(2);
  }

  private static boolean terminal(int descriptor) {
    return StandardStream.isTerminal(descriptor);
  }

  private boolean cancelled() {
    return signals.ending() != 0;
  }
}
