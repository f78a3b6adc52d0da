package nixbuildshell.enter;

import java.io.PrintStream;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.abi.Syscall;
import nixbuildshell.capture.DirectoryArgument;
import nixbuildshell.capture.FailedBuild;
import nixbuildshell.capture.Findings;
import nixbuildshell.capture.KeptDirectory;
import nixbuildshell.console.ExitCode;
import nixbuildshell.console.Messages;
import nixbuildshell.console.ProgressLine;
import nixbuildshell.console.ShellWord;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.Status;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.nix.Caller;
import nixbuildshell.sandbox.NixSandbox;
import nixbuildshell.sandbox.Program;
import nixbuildshell.sandbox.SandboxRequest;
import nixbuildshell.sandbox.SandboxSpec;
import nixbuildshell.sandbox.StoreView;
import nixbuildshell.session.About;
import nixbuildshell.session.Cleaning;
import nixbuildshell.session.Session;
import nixbuildshell.session.Sessions;
import nixbuildshell.session.ShownStore;
import nixbuildshell.shell.Start;
import nixbuildshell.store.NixStore;
import nixbuildshell.terminal.SignalRelay;
import nixbuildshell.view.LayerProbe;
import nixbuildshell.view.SandboxPaths;
import nixbuildshell.view.StoreChoice;
import nixbuildshell.view.StoreLookup;

/** {@code nix-build-shell DIR [COMMAND]}: from the arguments to the exit code, room by room. */
public final class Enter {
  private final Options options;
  private final Caller caller;
  private final Messages messages;
  private final PrintStream out;
  private final SystemCalls calls;
  private final FileSystem files;
  private final SignalRelay signals;
  private final Invocation invocation;
  private NixStore nix = NixStore.DEFAULT;

  public Enter(
      Options options, Caller caller, Messages messages, PrintStream out, SystemCalls calls) {
    this.options = options;
    this.caller = caller;
    this.messages = messages;
    this.out = out;
    this.calls = calls;
    this.files = new FileSystem(calls);
    this.invocation = new Invocation(options, caller, messages);
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
  public int run() {
    nix = StoreChoice.of(caller, files, options.store());
    ByteString path = new DirectoryArgument(caller, files, nix, messages).path(options.directory());
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
      try (Sessions sessions = Sessions.open(files, caller::environment, options.workDirectory())) {
        Optional<Session> existing = sessions.find(kept.build());
        if (existing.isPresent()) {
          return explain(existing.get());
        }
      }
    }
    FailedBuild build =
        Findings.of(kept, options.derivation(), options.builder(), caller, nix, messages);
    try (BuildUser chosen = userOf(kept, build)) {
      Prepared prepared = prepare(kept, build, chosen);
      SandboxSpec spec = NixSandbox.of(prepared.request, prepared.program);
      out.print(SandboxRun.explained(spec, calls));
      return 0;
    }
  }

  private int explain(Session session) throws ErrnoException {
    try (session;
        BuildUser user = userOf(session)) {
      out.print(SandboxRun.explained(again(session, user), calls));
      return 0;
    }
  }

  private int enter(KeptDirectory kept) throws ErrnoException {
    try (Sessions sessions = Sessions.open(files, caller::environment, options.workDirectory())) {
      Optional<Session> existing = sessions.find(kept.build());
      if (existing.isPresent()) {
        return comeBack(sessions, existing.get());
      }
      sessions
          .passedOver()
          .map(path -> path + " is mounted noexec: the session is in " + sessions.path())
          .ifPresent(messages::note);
      FailedBuild build =
          Findings.of(kept, options.derivation(), options.builder(), caller, nix, messages);
      try (BuildUser user = userOf(kept, build)) {
        return start(sessions, kept, build, user);
      }
    }
  }

  private BuildUser userOf(KeptDirectory kept, FailedBuild build) throws ErrnoException {
    Status status = kept.build().self().status();
    return build.uidRange()
        ? BuildUserRange.of(caller, files, kept.path()).choose(status)
        : BuildUser.choose(caller, files, status);
  }

  /**
   * A build that can be entered.
   *
   * @param user as whom
   * @param request with the store as it shall be seen
   */
  private record Prepared(BuildUser user, Start start, Program program, SandboxRequest request) {}

  private Prepared prepare(KeptDirectory kept, FailedBuild build, BuildUser chosen) {
    Surroundings around = surroundings();
    SandboxPaths paths = around.paths();
    StoreView seen =
        StoreLookup.of(caller, files, nix, kept, build, paths, this::cancelled, messages);
    BuildUserRange.requireOthers(files, nix, chosen, seen);
    BuildUser user = chosen.showing(seen);
    Start start = Start.of(build);
    Program program = invocation.program(build, start);
    SandboxRequest request = around.of(kept, build, user, start, seen, paths);
    start.requireShell(request);
    return new Prepared(user, start, program, request);
  }

  private int start(Sessions sessions, KeptDirectory kept, FailedBuild build, BuildUser chosen) {
    Prepared prepared = prepare(kept, build, chosen);
    BuildUser user = prepared.user;
    SandboxRequest request = prepared.request;
    ByteString name = ByteString.of(build.name().value());
    Map<String, ByteString> remembered = new HashMap<>(Remembered.of(request));
    remembered.putAll(prepared.start.remembered());
    remembered.putAll(StoreChoice.remembered(nix));
    About about =
        new About(invocation.kind(), kept.path(), name, prepared.start.shellPath(), remembered);
    Session session = sessions.create(about, user.owner());
    LayerProbe layers = new LayerProbe(calls, user.identity(), session.directory().self().number());
    StoreView store = StoreLookup.in(session, request.view().store(), layers::mounts);
    try (SessionEnd end =
        new SessionEnd(sessions, session, about, messages, signals, caller.hasTerminal(2))) {
      request.build().top().ifPresent(top -> session.makeInTmp(top.belowTmp(), user.owner()));
      try (ProgressLine progress =
          new ProgressLine(
              messages.stream(), caller.hasTerminal(2), "copying the build directory")) {
        new Workspace(nix, session, user.owner(), progress, this::cancelled, messages)
            .fill(files, kept, build, store);
      } catch (CancellationException e) {
        return ExitCode.SIGNAL + signals.ending();
      }
      return stay(sessions, session, NixSandbox.of(request.showing(store), prepared.program), user);
    }
  }

  /** Works in an earlier run's session, which stays whatever happens. */
  private int comeBack(Sessions sessions, Session session) throws ErrnoException {
    try (session;
        BuildUser user = userOf(session)) {
      return stay(sessions, session, again(session, user), user);
    }
  }

  private SandboxSpec again(Session session, BuildUser user) throws ErrnoException {
    About about = session.about().orElseThrow();
    if (options.builder() || options.derivation().isPresent()) {
      throw new Failure(
          "cannot use " + (options.builder() ? "--builder" : "--drv") + " in " + session.path(),
          "it is for a fresh copy, and this is a session",
          "name the kept directory: " + ShellWord.quote(about.origin()));
    }
    nix = StoreChoice.again(caller, files, about);
    Start start = Start.again(about, nix);
    Program program = invocation.command(start);
    StoreView store = StoreLookup.of(files, nix, session);
    BuildUserRange.requireOthers(files, nix, user, store);
    SandboxRequest request = surroundings().again(about, user, start, store);
    start.requireShell(request);
    return NixSandbox.of(request, program);
  }

  private BuildUser userOf(Session session) throws ErrnoException {
    Optional<Long> first = session.about().flatMap(Remembered::firstUid);
    if (first.isPresent()) {
      return BuildUserRange.of(caller, files, session.path()).again(first.get());
    }
    try (Directory build = session.open("build")) {
      BuildUser user = BuildUser.again(caller, files, build.self().status());
      return ShownStore.of(session).isEmpty() ? user.showing(new StoreView.Whole()) : user;
    }
  }

  private int stay(Sessions sessions, Session session, SandboxSpec spec, BuildUser user) {
    user.owner().ifPresent(session::renewRoot);
    int descriptor = session.directory().self().number();
    try (Cleaning cleaning = Cleaning.start(sessions, messages)) {
      return new SandboxRun(caller, calls, spec, descriptor, signals).run();
    }
  }

  private Surroundings surroundings() {
    return new Surroundings(caller, calls, files, nix, options, this::cancelled, messages);
  }

  private boolean cancelled() {
    return signals.ending() != 0;
  }
}
