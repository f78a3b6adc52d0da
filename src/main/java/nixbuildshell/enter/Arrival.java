package nixbuildshell.enter;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import nixbuildshell.ByteString;
import nixbuildshell.capture.BuildReport;
import nixbuildshell.capture.Fact;
import nixbuildshell.capture.FailedBuild;
import nixbuildshell.capture.FailureStory;
import nixbuildshell.capture.KeptDirectory;
import nixbuildshell.capture.Manifest;
import nixbuildshell.capture.Recipe;
import nixbuildshell.console.Messages;
import nixbuildshell.enter.Preparation.Prepared;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileContent;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.Status;
import nixbuildshell.session.Remembered;
import nixbuildshell.session.Session;
import nixbuildshell.session.Sessions;
import nixbuildshell.session.ShellDirectory;
import nixbuildshell.shell.Facts;
import nixbuildshell.shell.Greeting;
import nixbuildshell.shell.Obstacles;
import nixbuildshell.shell.PhaseResult;
import nixbuildshell.shell.ShellFiles;
import nixbuildshell.store.LogEnd;
import nixbuildshell.store.StorePath;
import nixbuildshell.view.InteractiveBash;

/**
 * Brings the caller to the failure: stores in the session what is known of it, writes the files of
 * the shell and of {@code retry} into the working copy, and greets.
 */
record Arrival(Sessions sessions, Session session, Prepared sandbox, Messages messages) {
  private static final int LONGEST = 100;
  private static final ByteString GREETING = ByteString.of("greeting");
  private static final ByteString ENV_VARS = ByteString.of("env-vars");
  private static final String ATTRIBUTES = ".attrs.sh";

  /** Stores what is known of the failure in a new session, and writes the files. */
  void prepare(
      FileSystem files, KeptDirectory kept, FailedBuild build, FailureStory story, boolean root) {
    Facts facts = facts(files, kept, build, story);
    shell().store(facts);
    Greeting greeting =
        new Greeting(
            BuildReport.whatFailed(build)
                .or(() -> story.end().flatMap(it -> it.sentence(facts.name())))
                .orElse(facts.name() + " failed"),
            story.end().map(it -> it.text().end()).orElse(List.of()),
            obstacles(files, facts, build, story),
            facts.phase(),
            session.path().plus("/build"),
            facts.state(),
            kept.path(),
            story.derivation().map(found -> ByteString.of(found.whole())),
            root);
    storeGreeting(greeting.lines());
    write();
  }

  private Obstacles obstacles(
      FileSystem files, Facts facts, FailedBuild build, FailureStory story) {
    boolean offline =
        build.sandbox().unsandboxedTop().isEmpty()
            && story.derivation().filter(found -> !found.derivation().hasNetwork()).isPresent();
    SandboxPrograms programs = new SandboxPrograms(files, session, sandbox);
    return new Obstacles(
        offline,
        path ->
            programs.missing(
                path,
                facts
                    .directory()
                    .map(it -> List.of(it.latin1()))
                    .orElseGet(programs::directories)));
  }

  /** Does the same for a build that has not begun: all of its state is known. */
  void prepareFresh(FailedBuild build, FailureStory story) {
    Facts facts = freshFacts(build, story);
    shell().storeNotBegun(facts);
    storeGreeting(greeting(facts.name() + " has not begun", Optional.empty()));
    write();
  }

  /** Makes the shell begin at the phase before which the others have stopped. */
  void stopBefore(FailedBuild build, FailureStory story) {
    PhaseResult result = result();
    Facts facts = freshFacts(build, story).at(result.phase(), result.directory());
    shell().storeNotBegun(facts);
    storeGreeting(
        greeting(facts.name() + " stopped before " + named(result.phase()), result.phase()));
    write();
  }

  /**
   * Makes the shell begin where a phase has failed on the way to another.
   *
   * @param status of the phase
   * @param before the other phase
   */
  void stopAtFailure(FailedBuild build, FailureStory story, int status, ByteString before) {
    PhaseResult result = result();
    Facts facts = freshFacts(build, story).at(result.phase(), result.directory());
    shell().store(facts);
    storeGreeting(
        new Greeting(
                facts.name()
                    + " failed in "
                    + named(result.phase())
                    + " with exit code "
                    + status
                    + ", before "
                    + named(Optional.of(before)),
                List.of(),
                Obstacles.NONE,
                result.phase(),
                session.path().plus("/build"),
                Facts.State.HOOK,
                ByteString.EMPTY,
                Optional.empty(),
                false)
            .lines());
    write();
  }

  private static String named(Optional<ByteString> phase) {
    return phase.map(name -> name.abridged(LONGEST)).orElse("a phase");
  }

  private Facts freshFacts(FailedBuild build, FailureStory story) {
    return facts(
        build,
        story,
        story.derivation().map(found -> Recipe.of(found.derivation())),
        Facts.State.REBUILT,
        List.of());
  }

  private List<String> greeting(String what, Optional<ByteString> phase) {
    return Greeting.ofNotBegun(what, phase, session.path().plus("/build"));
  }

  private void storeGreeting(List<String> lines) {
    session.store(GREETING, ByteString.of(String.join("\n", lines)));
  }

  /** Writes the files anew into a session that the caller comes back to. */
  void prepareAgain() {
    if (!shell().hasFacts()) {
      shell().store(facts(session.remembered().orElseThrow()));
    }
    write(ShellFiles::isProgress);
  }

  private void write() {
    write(name -> false);
  }

  private void write(Predicate<ByteString> kept) {
    shell().write(sessions.history(name()).lines(), sandbox.start().programs(), kept);
  }

  private ByteString name() {
    return session.remembered().map(Remembered::name).orElse(ByteString.EMPTY);
  }

  private ShellFiles shell() {
    return new ShellFiles(session, new ShellDirectory(session, sandbox.user().owner()));
  }

  /** Prints what failed and what the caller can do. */
  void greet() {
    session
        .stored(GREETING)
        .map(text -> new String(text.bytes(), StandardCharsets.UTF_8))
        .ifPresent(text -> List.of(text.split("\n")).forEach(messages::note));
    if (sandbox.bash().filter(it -> !it.edits()).isPresent()) {
      messages.note(InteractiveBash.REMEDY);
    }
  }

  /** Keeps what the caller has typed for the next shell. */
  void takeHistory() {
    shell()
        .history()
        .flatMap(file -> sessions.history(name()).store(file))
        .ifPresent(why -> messages.note("the shell's history is not kept: " + why));
  }

  /** Returns what a run of a phase has left. */
  PhaseResult result() {
    return shell().result();
  }

  private Facts facts(FileSystem files, KeptDirectory kept, FailedBuild build, FailureStory story) {
    return facts(build, story, recipe(kept, story), state(kept, build), began(files, kept, build));
  }

  private Facts facts(
      FailedBuild build,
      FailureStory story,
      Optional<Recipe> recipe,
      Facts.State state,
      List<String> began) {
    Optional<Manifest.End> end = build.manifest().map(Manifest::end);
    Optional<LogEnd> log = story.end();
    Map<String, String> outputs = new LinkedHashMap<>();
    build
        .store()
        .outputs()
        .forEach((name, path) -> outputs.put(name, sandbox.store().directory().path(path.value())));
    return new Facts(
        build.name().value(),
        end.flatMap(Manifest.End::phase)
            .or(() -> log.flatMap(it -> it.text().phase()).map(ByteString::of)),
        end.flatMap(Manifest.End::cwd),
        sandbox.request().build().directory(),
        sandbox.start().shell().orElseThrow().path(),
        state,
        recipe,
        outputs,
        began);
  }

  /** Returns the recipe; without a derivation, a file of Nix's tells of structured attributes. */
  private static Optional<Recipe> recipe(KeptDirectory kept, FailureStory story) {
    return story
        .derivation()
        .map(found -> Recipe.of(found.derivation()))
        .or(
            () ->
                Optional.of(new Recipe(List.of(), List.of(), List.of(), true))
                    .filter(any -> isReadable(kept.read(ATTRIBUTES, 0))));
  }

  /** Returns what is known in a session of an older version. */
  private Facts facts(Remembered remembered) {
    return new Facts(
        remembered.name().latin1(),
        Optional.empty(),
        Optional.empty(),
        sandbox.request().build().directory(),
        sandbox.start().shell().orElseThrow().path(),
        session.stored(Session.ENVIRONMENT).isPresent() ? Facts.State.REBUILT : Facts.State.ENVVARS,
        Optional.empty(),
        Map.of(),
        List.of());
  }

  private Facts.State state(KeptDirectory kept, FailedBuild build) {
    if (isReadable(kept.state())) {
      return Facts.State.HOOK;
    } else if (session.stored(Session.ENVIRONMENT).isPresent()) {
      return Facts.State.REBUILT;
    }
    return build.run().environment() instanceof FailedBuild.Kept
            || isReadable(kept.read(ENV_VARS.latin1(), 0))
        ? Facts.State.ENVVARS
        : Facts.State.NONE;
  }

  private static boolean isReadable(FileContent content) {
    return content instanceof FileContent.TooLarge || content instanceof FileContent.Bytes;
  }

  /**
   * Returns the outputs that the failed phase began: they were not born before the start of the
   * phase, when stdenv wrote {@code env-vars}. Files' times tick in milliseconds, and many a phase
   * makes its output at once.
   */
  private List<String> began(FileSystem files, KeptDirectory kept, FailedBuild build) {
    List<String> began = new ArrayList<>();
    try (Directory store = files.openDirectory(ByteString.of(sandbox.store().real()))) {
      Optional<Status.Time> start = kept.build().find(ENV_VARS).map(Status::modified);
      for (Fact<StorePath> output : build.store().outputs().values()) {
        Optional<Status> there = store.find(ByteString.of(output.value().baseName()));
        if (there.filter(it -> isNotBefore(it.born(), start)).isPresent()) {
          began.add(sandbox.store().directory().path(output.value()));
        }
      }
    } catch (ErrnoException e) {
      return began; // The store was opened before; what is unknown is left where it is.
    }
    return began;
  }

  private static boolean isNotBefore(Optional<Status.Time> birth, Optional<Status.Time> start) {
    return birth.isEmpty() || start.isEmpty() || birth.get().compareTo(start.get()) >= 0;
  }
}
