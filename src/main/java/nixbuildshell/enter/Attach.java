package nixbuildshell.enter;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.attach.BuildProcess;
import nixbuildshell.attach.Hold;
import nixbuildshell.attach.Pause;
import nixbuildshell.attach.RunningBuild;
import nixbuildshell.capture.Recipe;
import nixbuildshell.console.ExitCode;
import nixbuildshell.console.Messages;
import nixbuildshell.console.Question;
import nixbuildshell.console.ShellWord;
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
import nixbuildshell.plan.Plan;
import nixbuildshell.sandbox.Program;
import nixbuildshell.session.ShellDirectory;
import nixbuildshell.shell.Facts;
import nixbuildshell.shell.ShellFiles;
import nixbuildshell.store.Derivation;
import nixbuildshell.store.NixStore;
import nixbuildshell.terminal.CallersStream;
import nixbuildshell.terminal.SessionWatch;
import nixbuildshell.terminal.SignalRelay;
import nixbuildshell.terminal.Streams;
import nixbuildshell.view.InteractiveBash;
import nixbuildshell.view.InteractiveBash.ForRunning;

/** Enters a build that is running: from the arguments to the exit status. */
public record Attach(
    AttachOptions options,
    Caller caller,
    Messages messages,
    SystemCalls calls,
    FileSystem files,
    NixStore store) {
  private static final String WHAT = "cannot attach";
  private static final Path DUMPABLE = Path.of("/proc/sys/fs/suid_dumpable");

  /** Milliseconds that a build may take to die after the shell in it was killed. */
  private static final long LONGEST_DEATH = 2000;

  /**
   * Enters the build that the options name, or ends it.
   *
   * @param store that the build is of
   * @return the exit status: that of the shell, or 0 where the build was ended
   * @throws Failure when the tool itself fails
   */
  public static int run(
      AttachOptions options, Caller caller, Messages messages, SystemCalls calls, NixStore store) {
    return new Attach(options, caller, messages, calls, new FileSystem(calls), store).run();
  }

  private int run() {
    RunningBuild build = choose();
    if (!caller.isRoot() && build.user() != caller.uid()) {
      throw new Failure(WHAT, path(build) + " is built by another user", asRoot());
    }
    if (options.release()) {
      return release(build);
    }
    BuildProcess process = new BuildProcess(calls, build);
    process.requireEnterable(dumpable());
    if (build.pause().isEmpty() && !build.isHeld() && !agrees(build)) {
      return ExitCode.TOOL_FAILED;
    }
    boolean mounts = caller.isRoot() && !KernelProbe.of(calls).remounts();
    Optional<ForRunning> bash = InteractiveBash.forRunning(caller, store, mounts);
    Optional<MemoryFile> inMemory =
        bash.filter(it -> it.closure().isEmpty()).map(it -> inMemory(it.program()));
    try (Hold hold = Hold.of(calls, build, () -> isStillThat(build))) {
      return enter(hold, process, bash, inMemory);
    } catch (ErrnoException e) {
      throw BrokenStep.of(e);
    } finally {
      inMemory.ifPresent(MemoryFile::close);
    }
  }

  /** Enters a build that is held. What fails from here on has ended it, too, and that is said. */
  private int enter(
      Hold hold, BuildProcess process, Optional<ForRunning> bash, Optional<MemoryFile> inMemory)
      throws ErrnoException {
    RunningBuild build = process.build();
    try {
      AttachPlan plan = plan(hold, process, bash, inMemory);
      greet(build);
      Ended ended = enter(plan, hold);
      if (build.has(files, ShellDirectory.path("").substring(1) + "/" + ShellFiles.RELEASED)) {
        return release(build);
      }
      return status(ended, hold, build);
    } catch (ErrnoException | Failure e) {
      if (!hold.hasEnded(0)) {
        sayWhatFollows(build);
      }
      throw e;
    }
  }

  private static Optional<String> dumpable() {
    try {
      return Optional.of(Files.readString(DUMPABLE));
    } catch (IOException e) {
      return Optional.empty(); // No procfs of the host's, and so no build either.
    }
  }

  private int release(RunningBuild build) {
    Hold.release(calls, build, () -> isStillThat(build));
    messages.note("ended the build of " + path(build));
    return 0;
  }

  private RunningBuild choose() {
    List<RunningBuild> all = RunningBuild.all(files, store, caller.buildOwners());
    List<RunningBuild> meant =
        all.stream().filter(options.pid().isPresent() ? this::hasPid : this::isMeant).toList();
    if (meant.size() == 1) {
      return meant.get(0);
    }
    (meant.isEmpty() ? all : meant).forEach(this::show);
    throw new Failure(
        WHAT,
        meant.isEmpty() ? nothing(all) : "several builds are meant",
        remedy(all),
        all.isEmpty() ? ExitCode.TOOL_FAILED : ExitCode.USAGE);
  }

  private String remedy(List<RunningBuild> all) {
    if (!caller.isRoot() && all.stream().anyMatch(build -> build.user() != caller.uid())) {
      return asRoot();
    }
    return all.isEmpty()
        ? "--store ROOT before attach for another store"
        : "name one of these builds";
  }

  /** Returns the caller's command for root. */
  private String asRoot() {
    List<String> words = new ArrayList<>(List.of("sudo $(command -v nix-build-shell)"));
    store.uri().ifPresent(uri -> words.add("--store " + ShellWord.inSingleQuotes(uri)));
    words.add("attach");
    options.pid().ifPresent(pid -> words.add("--pid " + pid));
    if (options.release()) {
      words.add("--release");
    }
    if (options.yes()) {
      words.add("--yes");
    }
    options.build().ifPresent(build -> words.add(ShellWord.quote(build)));
    return String.join(" ", words);
  }

  private String nothing(List<RunningBuild> all) {
    if (all.isEmpty()) {
      return "no build of " + store.real() + " is running that you may enter";
    }
    return options.build().isPresent() || options.pid().isPresent()
        ? "no such build is running"
        : "no build waits at its failure";
  }

  private boolean hasPid(RunningBuild build) {
    return build.has(options.pid().getAsLong());
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
    String what = path(build) + " is not paused. It ends as failed as soon as you enter it";
    if (options.yes()) {
      messages.note(what);
      return true;
    } else if (!caller.hasTerminal(0) || !caller.hasTerminal(2)) {
      throw new Failure(WHAT, what + ", and there is no terminal to ask", "--yes");
    }
    return new Question(messages).agrees(what + ". Enter?");
  }

  private boolean isStillThat(RunningBuild build) {
    return RunningBuild.of(build.pid(), files, store, caller.buildOwners())
        .filter(now -> now.derivation().equals(build.derivation()))
        .isPresent();
  }

  private void show(RunningBuild build) {
    String what = build.id().orElse("--pid " + build.pid());
    messages.note(what + " is " + path(build));
  }

  private String path(RunningBuild build) {
    return store.directory().path(build.derivation());
  }

  /** Returns the plan for the shell at the failure. */
  private AttachPlan plan(
      Hold hold, BuildProcess process, Optional<ForRunning> bash, Optional<MemoryFile> inMemory) {
    RunningBuild build = process.build();
    ByteString shell = process.shell();
    String scripts = ShellDirectory.path(build.top().latin1());
    Program program =
        new Program(
            Stream.concat(
                    bash
                        .filter(it -> !it.closure().isEmpty())
                        .map(it -> store.logical(ByteString.of(it.program().toString())))
                        .stream(),
                    Stream.of(shell))
                .toList(),
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
        hold,
        bash.map(this::shown).orElse(Map.of()),
        new AttachPlan.Files(
            List.of(scripts.substring(0, scripts.lastIndexOf('/')), scripts),
            ShellFiles.ofRunningBuild(facts(process, shell), build.top()),
            build.enteredManifest(files)),
        program,
        inMemory.map(file -> OptionalInt.of(file.number())).orElseGet(OptionalInt::empty));
  }

  /** Returns the directories of a bash's closure, by their places on this host. */
  private Map<ByteString, String> shown(ForRunning bash) {
    return bash.closure().stream()
        .filter(path -> Files.isDirectory(Path.of(store.real(), path.baseName())))
        .collect(
            Collectors.toMap(
                path -> ByteString.of(store.real() + "/" + path.baseName()),
                path -> store.directory().path(path)));
  }

  private Facts facts(BuildProcess process, ByteString shell) {
    RunningBuild build = process.build();
    Optional<Derivation> derivation = derivation(build);
    Map<String, String> outputs = new LinkedHashMap<>();
    derivation
        .map(Derivation::outputPaths)
        .orElse(Map.of())
        .forEach((name, path) -> outputs.put(name, store.directory().path(path)));
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

  private Optional<Derivation> derivation(RunningBuild build) {
    try {
      return Optional.of(store.read(build.derivation()));
    } catch (Failure e) {
      return Optional.empty(); // A garbage collection may have taken it.
    }
  }

  private MemoryFile inMemory(Path program) {
    try {
      return MemoryFile.of(calls, "bash", Files.readAllBytes(program));
    } catch (IOException e) {
      throw new Failure("cannot read " + program, String.valueOf(e.getMessage()), "", e);
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

  private Ended enter(AttachPlan plan, Hold hold) throws ErrnoException {
    SignalRelay signals = SignalRelay.install(calls);
    // A running build could use the other end of a socket as long as the shell has this one.
    List<CallersStream> streams =
        CallersStream.all(calls).stream().map(CallersStream::withoutChannel).toList();
    try (Streams connected = Streams.open(calls, streams, true)) {
      GoPipe go = GoPipe.open(calls);
      Plan steps = plan.plan(go.ends(), connected.plan(), KernelProbe.of(calls));
      Child child = Launch.into(steps).startTwice(calls, go, AttachPlan.forkStep(steps));
      SessionWatch watch = SessionWatch.start(calls, child, signals, hold::kill);
      Ended ended = connected.await(child, signals);
      connected.leave(() -> signals.ending() != 0);
      watch.trouble().ifPresent(messages::note);
      return ended;
    }
  }

  private int status(Ended ended, Hold hold, RunningBuild build) {
    if (hold.hasEnded(ended.signal() == Signals.SIGKILL ? LONGEST_DEATH : 0)) {
      messages.note("the build has ended");
      return ended.status();
    }
    Optional<Failure> broken = BrokenStep.of(ended.outcome());
    if (broken.isPresent()) {
      throw broken.get();
    }
    sayWhatFollows(build);
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
