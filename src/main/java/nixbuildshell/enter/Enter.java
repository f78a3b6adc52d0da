package nixbuildshell.enter;

import java.io.PrintStream;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.Malformed;
import nixbuildshell.capture.BuildReport;
import nixbuildshell.capture.DirectoryArgument;
import nixbuildshell.capture.FailedBuild;
import nixbuildshell.capture.FailureStory;
import nixbuildshell.capture.KeptDirectories;
import nixbuildshell.capture.KeptDirectory;
import nixbuildshell.capture.Reconstruction;
import nixbuildshell.capture.Request;
import nixbuildshell.capture.Shell;
import nixbuildshell.console.ExitCode;
import nixbuildshell.console.Messages;
import nixbuildshell.console.ProgressLine;
import nixbuildshell.console.ShellWord;
import nixbuildshell.enter.Options.Fresh;
import nixbuildshell.enter.Options.Look;
import nixbuildshell.enter.Options.Retry;
import nixbuildshell.enter.Options.ShowPath;
import nixbuildshell.enter.Options.Task;
import nixbuildshell.enter.Preparation.Prepared;
import nixbuildshell.files.Answers;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.TreeCopy;
import nixbuildshell.kernel.Signals;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.launch.HeldMounts;
import nixbuildshell.nix.Caller;
import nixbuildshell.nix.Configuration;
import nixbuildshell.sandbox.BinSh;
import nixbuildshell.sandbox.NixSandbox;
import nixbuildshell.sandbox.Program;
import nixbuildshell.sandbox.StoreView;
import nixbuildshell.session.Cleaning;
import nixbuildshell.session.Remembered;
import nixbuildshell.session.Session;
import nixbuildshell.session.Sessions;
import nixbuildshell.session.WorkingCopy;
import nixbuildshell.shell.Obstacles;
import nixbuildshell.shell.SandboxProgram;
import nixbuildshell.shell.Start;
import nixbuildshell.store.DerivationFinder;
import nixbuildshell.store.DerivationFinder.Found;
import nixbuildshell.store.NixStore;
import nixbuildshell.store.StorePath;
import nixbuildshell.terminal.CallersStream;
import nixbuildshell.terminal.OutputTail;
import nixbuildshell.terminal.SignalRelay;
import nixbuildshell.view.AskedAhead;
import nixbuildshell.view.Evaluation;
import nixbuildshell.view.RefusedOutput;
import nixbuildshell.view.StoreChoice;

/**
 * Enters a build: from the arguments to the exit status, room by room.
 *
 * @param configuration the caller's, of Nix
 * @param out where {@code --explain} prints
 * @param launcher runs the sandbox; a test does without one
 */
public record Enter(
    Options options,
    Caller caller,
    Configuration configuration,
    Messages messages,
    PrintStream out,
    SystemCalls calls,
    FileSystem files,
    SignalRelay signals,
    Launcher launcher) {
  /**
   * Enters the build that the options name.
   *
   * @return the exit status
   * @throws nixbuildshell.Failure when the tool itself fails
   */
  public static int run(
      Options options,
      Caller caller,
      Configuration configuration,
      Messages messages,
      PrintStream out,
      SystemCalls calls) {
    SignalRelay signals = SignalRelay.install(calls);
    List<CallersStream> streams = CallersStream.all(calls);
    Launcher launcher =
        new SandboxLauncher(
            calls,
            new HeldMounts(calls),
            () -> options.task().isPresent() ? CallersStream.all(calls) : streams,
            signals,
            messages);
    FileSystem files = new FileSystem(calls);
    return new Enter(options, caller, configuration, messages, out, calls, files, signals, launcher)
        .run();
  }

  private Preparation preparation() {
    return preparation(Answers.NONE);
  }

  private Preparation preparation(Answers answers) {
    return new Preparation(
        options, caller, configuration, calls, files, answers, this::cancelled, messages);
  }

  private boolean cancelled() {
    return signals.ending() != 0;
  }

  int run() {
    caller
        .environment("NIX_CONF_DIR")
        .filter(directory -> caller.isRoot())
        .map(
            directory ->
                "NIX_CONF_DIR="
                    + directory
                    + " is not used: root runs nothing that a configuration can name; NIX_CONFIG"
                    + " can have the settings")
        .ifPresent(messages::note);
    NixStore store = StoreChoice.of(caller, files, options.store());
    if (options.fresh().isPresent()) {
      return begin(store, options.fresh().get());
    }
    ByteString path =
        new DirectoryArgument(caller, files, store, messages, this::session)
            .path(options.directory());
    try (KeptDirectory kept = KeptDirectory.open(files, path)) {
      if (options.explain() && !Sessions.looksLikeOne(kept.build())) {
        return enter(kept, store, Optional.empty());
      }
      try (Sessions sessions = Sessions.open(files, caller::environment, options.workDirectory())) {
        Optional<ByteString> shown =
            isFor(ShowPath.class) ? known(sessions, kept) : Optional.empty();
        if (shown.isPresent()) {
          return show(shown.get());
        }
        Optional<Session> session = sessions.find(kept.build());
        return session.isPresent()
            ? comeBack(sessions, session.get())
            : enter(kept, store, Optional.of(sessions).filter(any -> !options.explain()));
      }
    } catch (CancellationException e) {
      return ExitCode.SIGNAL + signals.ending();
    } catch (ErrnoException e) {
      throw e.failure("cannot enter " + path, "");
    }
  }

  /** Enters the sandbox of a build that has not begun. */
  private int begin(NixStore store, Fresh fresh) {
    try (Sessions sessions = Sessions.open(files, caller::environment, options.workDirectory())) {
      Evaluation nix = new Evaluation(caller, store, this::cancelled);
      StorePath path = nix.derivation(options.directory(), fresh.file());
      nix.realiseInputs(path, store.read(path));
      ByteString whole = ByteString.of(store.directory().path(path));
      Enter named =
          new Enter(
              options.of(whole),
              caller,
              configuration,
              messages,
              out,
              calls,
              files,
              signals,
              launcher);
      try (KeptDirectory none =
          KeptDirectory.none(sessions.empty(whole), path.derivationName(), nix.nests())) {
        return named.enter(none, store, Optional.of(sessions).filter(any -> !options.explain()));
      }
    } catch (CancellationException e) {
      return ExitCode.SIGNAL + signals.ending();
    } catch (ErrnoException e) {
      throw e.failure("cannot begin a build of " + options.directory(), "");
    }
  }

  private boolean isFor(Class<? extends Task> task) {
    return options.task().filter(task::isInstance).isPresent();
  }

  /** Returns the path of the session with a short name; empty when there is none. */
  private Optional<ByteString> session(ByteString name) {
    try {
      Optional<Sessions> found = Sessions.find(files, caller::environment, options.workDirectory());
      try (Sessions sessions = found.orElse(null)) {
        return found.flatMap(each -> each.named(name));
      }
    } catch (Failure e) {
      return Optional.empty(); // The message is about the name.
    }
  }

  /** Returns the path of the session that a directory is or has; empty when there is none. */
  static Optional<ByteString> known(Sessions sessions, KeptDirectory kept) {
    String path = kept.path().latin1();
    return sessions
        .named(new ByteString(path.substring(path.lastIndexOf('/') + 1)))
        .filter(kept.path()::equals)
        .or(() -> sessions.newestOf(kept.path(), kept.changed()));
  }

  private int show(ByteString session) {
    byte[] line = session.plus("/build\n").bytes();
    out.write(line, 0, line.length);
    return 0;
  }

  /**
   * Enters a kept directory for the first time.
   *
   * @param sessions the place for a copy; empty when the plan is only explained
   */
  private int enter(KeptDirectory kept, NixStore store, Optional<Sessions> sessions)
      throws ErrnoException {
    sessions
        .flatMap(Sessions::passedOver)
        .map(path -> path + " is mounted noexec: the session is in " + sessions.get().path())
        .ifPresent(messages::note);
    if (caller.isRoot()) {
      BuildUser.requireOwnersAlone(kept);
    }
    Answers answers = sessions.map(Sessions::answers).orElse(Answers.NONE);
    try (AskedAhead ahead = preparation(answers).ahead(store)) {
      DerivationFinder finder =
          KeptDirectories.finder(caller, files, store, answers, this::cancelled, ahead::closureOf);
      return enter(kept, store, sessions, answers, finder, ahead);
    }
  }

  private int enter(
      KeptDirectory kept,
      NixStore store,
      Optional<Sessions> sessions,
      Answers answers,
      DerivationFinder finder,
      AskedAhead ahead)
      throws ErrnoException {
    Request request =
        Request.of(
            options.derivation(),
            options.builder(),
            options.fresh().isPresent(),
            caller,
            path -> preparation().place(path, store).isPresent());
    FailedBuild build = Reconstruction.of(kept, request, finder);
    boolean greeted = preparation().isAtTheFailure(Start.of(build));
    BuildReport.print(build, store.directory(), greeted, messages);
    try (BuildUser user = preparation().user(kept, build);
        Staging early =
            sessions
                .filter(in -> !caller.isRoot())
                .map(in -> stage(in, kept, build, user))
                .orElse(null)) {
      try {
        Prepared prepared = preparation(answers).fresh(store, kept, build, user, ahead);
        ahead.close();
        return sessions.isPresent()
            ? work(sessions.get(), kept, build, finder, prepared, Optional.ofNullable(early))
            : explain(prepared);
      } catch (CancellationException e) {
        return ExitCode.SIGNAL + signals.ending(); // Before the end of the session resets it.
      }
    }
  }

  /**
   * Begins to make a session, and to copy what Nix kept where the sandbox gets that. For root, what
   * the sandbox shows decides on the owner of the copy ({@link BuildUser#showing}), so that comes
   * first; for an ordinary user this begins while Nix is asked.
   */
  private Staging stage(Sessions sessions, KeptDirectory kept, FailedBuild build, BuildUser user) {
    ByteString name = ByteString.of(build.name().value());
    boolean copies = options.fresh().isEmpty() && !options.builder();
    return new Staging(
        () -> end(sessions, sessions.create(name, user.owner()), user),
        Optional.of(kept.build()).filter(any -> copies),
        user.owner(),
        this::cancelled);
  }

  /**
   * Works in a copy of the kept directory.
   *
   * @param early the session and the copy, where they have begun
   */
  private int work(
      Sessions sessions,
      KeptDirectory kept,
      FailedBuild build,
      DerivationFinder finder,
      Prepared sandbox,
      Optional<Staging> early) {
    Staging staging = early.orElseGet(() -> stage(sessions, kept, build, sandbox.user()));
    try (staging) {
      Session session = staging.session();
      session.remember(remembered(kept, build, sandbox));
      try {
        if (options.fresh().isPresent()) {
          int status = fillFresh(sessions, staging, kept, build, finder, sandbox);
          if (status != 0) {
            return status;
          }
        } else if (isPrepared(sandbox)) {
          fillAndPrepare(sessions, staging, kept, build, finder, sandbox);
        } else if (preparation().kind() == Remembered.Kind.INTERACTIVE) {
          fillAndSay(sessions, staging, kept, build, finder, sandbox);
        } else {
          fill(sessions, staging, kept, build, sandbox);
        }
        session.markStaged();
        if (isFor(ShowPath.class)) {
          session.keep();
        } else if (options.task().orElse(null) instanceof Look look) {
          Arrival arrival = new Arrival(sessions, session, sandbox, messages);
          return look.visitor()
              .visit(
                  new Options.Visited(
                      session,
                      sandbox.start(),
                      sandbox.request(),
                      arrival.result().directory(),
                      launcher));
        }
      } catch (CancellationException e) {
        return ExitCode.SIGNAL + signals.ending(); // Before the end of the session resets it.
      }
      try (SessionRoots.Making roots =
          roots(
              session,
              sandbox,
              () -> FailureStory.derivation(kept, build, finder).map(Found::path))) {
        return isFor(ShowPath.class) ? show(session.path()) : stay(sessions, session, sandbox);
      }
    } catch (Failure e) {
      throw staging.failureBefore(e);
    }
  }

  private SessionEnd end(Sessions sessions, Session session, BuildUser user) {
    return new SessionEnd(
        sessions,
        session,
        launcher,
        sessions.spareStores(user.owner()),
        new Remover(calls, sessions),
        preparation().kind(),
        messages,
        signals,
        stop -> EditSummary.of(files, session.path(), stop),
        !isFor(ShowPath.class),
        caller.hasTerminal(2));
  }

  /** Begins to make the GC root of a session that stays, perhaps. */
  private SessionRoots.Making roots(
      Session session, Prepared sandbox, Supplier<Optional<StorePath>> derivation) {
    boolean stays = preparation().kind() == Remembered.Kind.INTERACTIVE;
    return stays && (!session.hasRoot() || !options.packages().isEmpty())
        ? new SessionRoots(
                caller,
                sandbox.store(),
                sandbox.request().view().store(),
                sandbox.start().programs(),
                messages,
                this::cancelled)
            .begin(session, derivation)
        : SessionRoots.NONE;
  }

  private static Optional<StorePath> derivation(Session session, NixStore store) {
    return session
        .remembered()
        .flatMap(Remembered::derivation)
        .filter(store.directory()::has)
        .flatMap(
            path -> {
              try {
                return Optional.of(store.directory().parse(path));
              } catch (Malformed e) {
                return Optional.empty();
              }
            });
  }

  private Remembered remembered(KeptDirectory kept, FailedBuild build, Prepared prepared) {
    return new Remembered(
        preparation().kind(),
        kept.path(),
        ByteString.of(build.name().value()),
        build
            .derivation()
            .map(path -> ByteString.of(prepared.store().directory().path(path.value()))),
        prepared.start().shell().map(Shell::path),
        prepared.start().environment(),
        prepared.start().programs(),
        RememberedSandbox.remembered(prepared.request()),
        StoreChoice.remembered(prepared.store()));
  }

  /** Fills the session, reads the build log meanwhile, and then says how the build ended. */
  private void fillAndSay(
      Sessions sessions,
      Staging staging,
      KeptDirectory kept,
      FailedBuild build,
      DerivationFinder finder,
      Prepared sandbox) {
    try (FailureStory story = FailureStory.unlessSaid(kept, build, options.order(), finder)) {
      fill(sessions, staging, kept, build, sandbox);
      story.print(messages);
      sayBinSh(story);
    }
  }

  private void sayBinSh(FailureStory story) {
    if (preparation().binSh() == BinSh.BUILD) {
      story.printBinSh(messages);
    }
  }

  /** Decides whether the session gets the files of the shell at the failure. */
  private boolean isPrepared(Prepared sandbox) {
    return sandbox.bash().isPresent() || options.task().isPresent() && sandbox.start().hasBash();
  }

  /** Fills the session, and brings what the shell at the failure needs. */
  private void fillAndPrepare(
      Sessions sessions,
      Staging staging,
      KeptDirectory kept,
      FailedBuild build,
      DerivationFinder finder,
      Prepared sandbox) {
    try (FailureStory story = FailureStory.of(kept, build, options.order(), finder)) {
      Session session = staging.session();
      fill(sessions, staging, kept, build, sandbox);
      new Arrival(sessions, session, sandbox, messages)
          .prepare(files, kept, build, story, caller.isRoot());
      story
          .derivation()
          .ifPresent(found -> session.rememberDerivation(ByteString.of(found.whole())));
      if (sandbox.bash().isPresent()) {
        sayBinSh(story);
      }
    }
  }

  /**
   * Fills the session of a build that has not begun, and runs the phases that the caller wants
   * done.
   *
   * @return the exit status of the phases; 0 when all are done
   */
  private int fillFresh(
      Sessions sessions,
      Staging staging,
      KeptDirectory none,
      FailedBuild build,
      DerivationFinder finder,
      Prepared sandbox) {
    fill(sessions, staging, none, build, sandbox);
    Optional<ByteString> before = options.fresh().flatMap(Fresh::before);
    if (before.isEmpty() && sandbox.bash().isEmpty()) {
      return 0;
    }
    Arrival arrival = new Arrival(sessions, staging.session(), sandbox, messages);
    try (FailureStory story = FailureStory.of(none, build, options.order(), finder)) {
      arrival.prepareFresh(build, story);
      int status = before.map(phase -> runUntil(phase, arrival)).orElse(0);
      if (before.isEmpty() || isFor(Look.class)) {
        return status;
      } else if (status == 0) {
        arrival.stopBefore(build, story);
      } else if (sandbox.bash().isPresent() && isFailure(status, arrival)) {
        arrival.stopAtFailure(build, story, status, before.get());
        return 0;
      }
      return status;
    }
  }

  /** Decides whether a phase has failed, rather than the caller been mistaken, or tired of it. */
  private static boolean isFailure(int status, Arrival arrival) {
    return arrival.result().phase().isPresent() && status != ExitCode.SIGNAL + Signals.SIGINT;
  }

  /** Runs the phases before another one, whose output goes to stderr. */
  private int runUntil(ByteString phase, Arrival arrival) {
    Prepared sandbox = arrival.sandbox();
    Program program =
        SandboxProgram.until(sandbox.start(), phase, sandbox.request().build().directory());
    int status = launcher.run(NixSandbox.of(sandbox.request(), program), arrival.session());
    signals.detach();
    if (cancelled()) {
      throw new CancellationException("a signal ended the phases");
    }
    return status;
  }

  private void fill(
      Sessions sessions, Staging staging, KeptDirectory kept, FailedBuild build, Prepared sandbox) {
    Session session = staging.session();
    sandbox.makeTop(session);
    Optional<SetupResult> made =
        new Rebuilding(launcher, signals, files, sessions, messages)
            .run(session, kept, build, sandbox);
    try (ProgressLine progress =
        new ProgressLine(messages.stream(), caller.hasTerminal(2), "copying the build directory")) {
      TreeCopy copy =
          new TreeCopy(
              sandbox.user().owner(), progress::copied, this::cancelled, WorkingCopy.REMEDY);
      Workspace workspace =
          new Workspace(
              sandbox.store(),
              sessions.spareStores(sandbox.user().owner()),
              new WorkingCopy(session, copy),
              messages);
      StoreView store = sandbox.request().view().store();
      if (options.fresh().isPresent()) {
        workspace.beginWithVariables(files, kept, build, store, made);
      } else if (options.builder()) {
        workspace.begin(files, kept, build, store);
      } else {
        workspace.fill(files, kept, build, staging.copied(progress::copied), store, made);
        new RefusedOutput(caller, files, sandbox.store(), this::cancelled)
            .of(kept, build)
            .ifPresent(refused -> workspace.show(files, store, refused));
      }
    }
    made.flatMap(SetupResult::session)
        .ifPresent(
            inner -> {
              inner.close();
              session.removeInner();
            });
  }

  /** Works in an earlier run's session, which stays whatever happens. */
  private int comeBack(Sessions sessions, Session session) throws ErrnoException {
    try (session;
        BuildUser user = preparation().user(session)) {
      Prepared prepared = preparation().again(session, user);
      if (options.explain()) {
        return explain(prepared);
      }
      session.markUsed();
      session.rememberPrograms(prepared.start().programs());
      Workspace.showMore(files, prepared.store(), session, prepared.request().view().store());
      if (isPrepared(prepared)) {
        new Arrival(sessions, session, prepared, messages).prepareAgain();
      }
      int status;
      try (SessionRoots.Making roots =
          roots(session, prepared, () -> derivation(session, prepared.store()))) {
        status = stay(sessions, session, prepared);
      }
      end(sessions, session, user).tellIfChanged();
      return status;
    }
  }

  private int stay(Sessions sessions, Session session, Prepared prepared) {
    try (Cleaning cleaning = Cleaning.start(sessions, new Remover(calls, sessions), messages)) {
      int status =
          isPrepared(prepared)
              ? stayAtTheFailure(new Arrival(sessions, session, prepared, messages))
              : launcher.run(prepared.spec(), session);
      tellWhyNotRun(status, session, prepared);
      return status;
    } catch (Failure e) {
      tellWhyNotRun(e.exitCode().orElse(0), session, prepared);
      throw e;
    }
  }

  private int stayAtTheFailure(Arrival arrival) {
    Prepared prepared = arrival.sandbox();
    if (options.task().orElse(null) instanceof Retry retry) {
      return retry.json() ? report(arrival) : launcher.run(prepared.spec(), arrival.session());
    }
    if (!options.quiet()) {
      arrival.greet();
    }
    try {
      return launcher.run(prepared.spec(), arrival.session());
    } finally {
      arrival.takeHistory();
    }
  }

  /** Runs a phase again, whose output goes to stderr, and prints a report. */
  private int report(Arrival arrival) {
    OutputTail tail = OutputTail.open(calls);
    int status;
    try (tail) {
      status = launcher.run(arrival.sandbox().spec(), arrival.session());
    }
    byte[] json = arrival.result().json(status, tail.lines()).bytes();
    out.write(json, 0, json.length);
    return status;
  }

  private void tellWhyNotRun(int status, Session session, Prepared prepared) {
    boolean started = status != ExitCode.NOT_FOUND && status != ExitCode.NOT_EXECUTABLE;
    if (started || options.command().isEmpty()) {
      return;
    }
    ByteString program = options.command().get(0);
    if (program.latin1().indexOf('/') >= 0) {
      List<String> begin = List.of(prepared.request().build().directory());
      SandboxPrograms programs = new SandboxPrograms(files, session, prepared);
      new Obstacles(false, path -> programs.missing(path, begin))
          .cannotStart(program)
          .ifPresent(messages::note);
    }
    if (status == ExitCode.NOT_FOUND) {
      tellOneWord(options.command());
    }
  }

  /** Says what to type when a whole command line came as one word, the name of no program. */
  private void tellOneWord(List<ByteString> command) {
    if (command.size() == 1 && command.get(0).words().size() > 1) {
      String directory = "nix-build-shell " + ShellWord.quote(options.directory()) + " ";
      messages.note(
          ShellWord.quote(command)
              + " is one word, and so the name of a program. Try: "
              + directory
              + ShellWord.quote(command.get(0).words())
              + ", or with a shell: "
              + directory
              + "bash -c "
              + ShellWord.quote(command));
    }
  }

  private int explain(Prepared prepared) {
    out.print(SandboxRun.explained(prepared.spec(), calls));
    return 0;
  }
}
