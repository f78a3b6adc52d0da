package nixbuildshell.enter;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.attach.BuildProcess;
import nixbuildshell.attach.Hold;
import nixbuildshell.attach.Pause;
import nixbuildshell.attach.RunningBuild;
import nixbuildshell.capture.Recipe;
import nixbuildshell.console.ExitCode;
import nixbuildshell.console.Messages;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileSystem;
import nixbuildshell.kernel.MemoryFile;
import nixbuildshell.kernel.Signals;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.launch.Child;
import nixbuildshell.launch.Ended;
import nixbuildshell.launch.GoPipe;
import nixbuildshell.launch.KernelProbe;
import nixbuildshell.launch.Launch;
import nixbuildshell.nix.Caller;
import nixbuildshell.plan.AttachPlan;
import nixbuildshell.plan.Outcome;
import nixbuildshell.plan.Plan;
import nixbuildshell.sandbox.Program;
import nixbuildshell.session.ShellDirectory;
import nixbuildshell.shell.Facts;
import nixbuildshell.shell.ShellFiles;
import nixbuildshell.store.Derivation;
import nixbuildshell.store.NixStore;
import nixbuildshell.store.StoreDirectory;
import nixbuildshell.terminal.CallersStream;
import nixbuildshell.terminal.SignalRelay;
import nixbuildshell.terminal.Streams;
import nixbuildshell.view.InteractiveBash;

/** Enters a build that is running: from the arguments to the exit status. */
public record Attach(
    AttachOptions options,
    Caller caller,
    Messages messages,
    SystemCalls calls,
    FileSystem files,
    SignalRelay signals,
    List<CallersStream> streams) {
  private static final String WHAT = "cannot attach";

  /** Milliseconds that a build may take to die after the shell in it was killed. */
  private static final long LONGEST_DEATH = 2000;

  /**
   * Enters the build that the options name, or ends it.
   *
   * @return the exit status
   * @throws Failure when the tool itself fails
   */
  public static int run(
      AttachOptions options, Caller caller, Messages messages, SystemCalls calls) {
    SignalRelay signals = SignalRelay.install(calls);
    return new Attach(
            options,
            caller,
            messages,
            calls,
            new FileSystem(calls),
            signals,
            CallersStream.all(calls))
        .run();
  }

  private int run() {
    RunningBuild build = choose();
    if (options.release()) {
      return release(build);
    }
    if (build.pause().isEmpty() && !build.isHeld() && !agrees(build)) {
      return ExitCode.TOOL_FAILED;
    }
    try (Hold hold = Hold.of(calls, build, () -> isStillThat(build));
        MemoryFile bash = InteractiveBash.withoutStore().map(this::inMemory).orElse(null)) {
      BuildProcess process = new BuildProcess(calls, build, hold);
      OptionalInt number = bash == null ? OptionalInt.empty() : OptionalInt.of(bash.number());
      AttachPlan plan = plan(process, build, number);
      greet(build);
      Ended ended = enter(plan);
      if (build.has(files, ShellDirectory.path("").substring(1) + "/" + ShellFiles.RELEASED)) {
        return release(build);
      }
      return status(ended, hold, build);
    } catch (ErrnoException e) {
      throw e.failure(WHAT, "");
    }
  }

  private int release(RunningBuild build) {
    Hold.release(calls, build);
    messages.note("ended the build of " + path(build));
    return 0;
  }

  private RunningBuild choose() {
    List<RunningBuild> all = RunningBuild.all(files, caller.buildOwners());
    List<RunningBuild> meant =
        all.stream().filter(options.pid().isPresent() ? this::hasPid : this::isMeant).toList();
    if (meant.size() == 1) {
      return meant.get(0);
    }
    (meant.isEmpty() ? all : meant).forEach(this::show);
    throw new Failure(
        WHAT,
        meant.isEmpty() ? nothing(all) : "several builds are meant",
        caller.isRoot()
            ? all.isEmpty() ? "" : "name one of these builds"
            : "sudo $(command -v nix-build-shell) attach",
        all.isEmpty() ? ExitCode.TOOL_FAILED : ExitCode.USAGE);
  }

  private String nothing(List<RunningBuild> all) {
    if (all.isEmpty()) {
      return "no build is running that you may enter";
    }
    return options.build().isPresent() || options.pid().isPresent()
        ? "no such build is running"
        : "no build waits at its failure";
  }

  private boolean hasPid(RunningBuild build) {
    return build.pid() == options.pid().getAsLong();
  }

  private boolean isMeant(RunningBuild build) {
    if (options.build().isEmpty()) {
      return build.pause().isPresent() || build.isHeld();
    }
    String name = options.build().get().latin1();
    return build.id().filter(name::equals).isPresent()
        || name.equals(build.name())
        || name.equals(build.derivation().baseName())
        || name.equals(path(build));
  }

  /** Asks before a build that does not wait is entered, which it does not survive. */
  private boolean agrees(RunningBuild build) {
    messages.note(
        path(build) + " is not paused. It ends as failed as soon as you enter it. Enter? [y/N]");
    // Unbuffered: what is typed after the answer is the session's.
    InputStream typed = new FileInputStream(FileDescriptor.in);
    try {
      int answer = typed.read();
      for (int next = answer; next >= 0 && next != '\n'; ) {
        next = typed.read();
      }
      return answer == 'y' || answer == 'Y';
    } catch (IOException e) {
      return false;
    }
  }

  private boolean isStillThat(RunningBuild build) {
    return RunningBuild.of(build.pid(), files, caller.buildOwners())
        .filter(now -> now.derivation().equals(build.derivation()))
        .isPresent();
  }

  private void show(RunningBuild build) {
    String what = build.id().orElse("--pid " + build.pid());
    messages.note(what + " is " + path(build));
  }

  private static String path(RunningBuild build) {
    return StoreDirectory.DEFAULT.path(build.derivation());
  }

  /** Returns the plan for the shell at the failure. */
  private AttachPlan plan(BuildProcess process, RunningBuild build, OptionalInt bash) {
    ByteString shell =
        process
            .executable()
            .filter(path -> path.endsWith("/bash") || path.endsWith("/sh"))
            .map(ByteString::of)
            .orElseThrow(
                () -> new Failure(WHAT, "its first process runs no shell of the build's", ""));
    String top = build.top().latin1();
    String scripts = ShellDirectory.path(top);
    Program program =
        new Program(
            List.of(shell),
            List.of(
                shell,
                ByteString.of("--rcfile"),
                ByteString.of(scripts + "/start.bash"),
                ByteString.of("-i")),
            process.environment(),
            process.directory(),
            true,
            false);
    return process.plan(
        new AttachPlan.Files(
            List.of(scripts.substring(0, scripts.lastIndexOf('/')), scripts),
            ShellFiles.ofRunningBuild(facts(build, process, shell), build.top())),
        program,
        bash);
  }

  private static Facts facts(RunningBuild build, BuildProcess process, ByteString shell) {
    Optional<Derivation> derivation = derivation(build);
    Map<String, String> outputs = new LinkedHashMap<>();
    derivation
        .map(Derivation::outputPaths)
        .orElse(Map.of())
        .forEach((name, path) -> outputs.put(name, StoreDirectory.DEFAULT.path(path)));
    return new Facts(
        build.name(),
        build.pause().map(Pause::phase).filter(phase -> !phase.equals("-")).map(ByteString::of),
        Optional.of(ByteString.of(process.directory())),
        build.top().latin1(),
        shell,
        Facts.State.HOOK,
        derivation.map(Recipe::of),
        outputs,
        List.of());
  }

  private static Optional<Derivation> derivation(RunningBuild build) {
    try {
      return Optional.of(NixStore.DEFAULT.read(build.derivation()));
    } catch (Failure e) {
      return Optional.empty(); // A garbage collection may have taken it.
    }
  }

  private MemoryFile inMemory(Path program) {
    try {
      return MemoryFile.of(calls, "bash", Files.readAllBytes(program));
    } catch (IOException e) {
      throw new Failure("cannot read " + program, e.toString(), "");
    }
  }

  private void greet(RunningBuild build) {
    messages.note(
        "this is the build of "
            + path(build)
            + " itself. It stands still from now on, and ends as failed");
    build
        .pause()
        .ifPresent(
            pause ->
                messages.note(
                    "retry, resume and phases run its phases again; exit leaves it for "
                        + (pause.left(System.currentTimeMillis() / 1000) + 59) / 60
                        + " minutes, release ends it"));
  }

  private Ended enter(AttachPlan plan) throws ErrnoException {
    try (Streams connected = Streams.open(calls, streams, true)) {
      GoPipe go = GoPipe.open(calls);
      Plan steps = plan.plan(go.ends(), connected.plan(), KernelProbe.of(calls));
      Child child = Launch.into(steps).startTwice(calls, go, AttachPlan.forkStep(steps));
      Ended ended = connected.await(child, signals);
      connected.finish(() -> signals.ending() != 0);
      return ended;
    }
  }

  private int status(Ended ended, Hold hold, RunningBuild build) {
    Outcome outcome = ended.outcome();
    if (hold.hasEnded(ended.signal() == Signals.SIGKILL ? LONGEST_DEATH : 0)) {
      messages.note("the build has ended");
    } else if (outcome instanceof Outcome.Failed failed) {
      throw new Failure("cannot " + failed.step().label(), outcome.why(), "");
    } else if (outcome instanceof Outcome.Unexpected unexpected) {
      throw new Failure("cannot " + unexpected.step().label(), outcome.why(), "");
    } else if (outcome instanceof Outcome.Stopped stopped) {
      throw new Failure("cannot " + stopped.step().label(), outcome.why(), "");
    } else {
      sayWhatFollows(build);
    }
    return ended.status();
  }

  private void sayWhatFollows(RunningBuild build) {
    Optional<Pause> pause = build.pause();
    Optional<String> id = build.id();
    if (pause.isPresent() && id.isPresent()) {
      messages.note(
          "the build stands still; come back: nix-build-shell attach "
              + id.get()
              + "; end it: nix-build-shell attach --release "
              + id.get());
    } else {
      messages.note("the build ends as failed now, unless another session is in it");
    }
  }
}
