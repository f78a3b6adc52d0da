package nixbuildshell.cli.commands;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.capture.KeptDirectories;
import nixbuildshell.capture.NewFailures;
import nixbuildshell.capture.NewFailures.Failed;
import nixbuildshell.capture.NothingLeft;
import nixbuildshell.console.Messages;
import nixbuildshell.console.ShellWord;
import nixbuildshell.enter.Enter;
import nixbuildshell.enter.Options;
import nixbuildshell.files.Answers;
import nixbuildshell.files.FileSystem;
import nixbuildshell.kernel.Signals;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.nix.BuildRecords;
import nixbuildshell.nix.Caller;
import nixbuildshell.nix.FrontEnd;
import nixbuildshell.nix.NixProgram;
import nixbuildshell.store.DerivationFinder;
import nixbuildshell.store.Json;
import nixbuildshell.store.NixStore;
import nixbuildshell.store.StartedBuilds;
import nixbuildshell.store.StoreDirectory;
import nixbuildshell.store.StorePath;
import nixbuildshell.terminal.SignalPipe;
import nixbuildshell.terminal.StandardStream;
import nixbuildshell.view.StoreChoice;

/**
 * Runs the program with which the caller builds, and opens the shell of what failed.
 *
 * @param before the options for entering
 * @param using the program; empty for Nix's own
 * @param arguments the program's
 * @param noShell whether to say only how to enter
 * @param json whether to say it in JSON on stdout
 */
record BuildCommand(
    Options before,
    Optional<ByteString> using,
    List<ByteString> arguments,
    boolean noShell,
    boolean json)
    implements Subcommand {

  /** Since 2.30 Nix has {@code json-log-path}; another Nix would warn about it. */
  private static final Pattern VERSION = Pattern.compile("\\(Nix\\) 2\\.([0-9]{1,4})");

  private static final int FIRST_WITH_RECORDS = 30;
  private static final String RECORDS = "json-log-path";

  /** A file's ctime is that of the last tick of the kernel's clock. */
  private static final Duration TICK = Duration.ofMillis(20);

  /** How long Nix takes from the first failure to its own end, when it builds on no longer. */
  private static final Duration LONGEST_END = Duration.ofSeconds(2);

  /** The programs that take Nix's own arguments. */
  private static final Set<String> OF_NIX = Set.of("nix", "nix-build");

  /**
   * Holds what a run of the program came to.
   *
   * @param notes why there are failures without a directory
   */
  private record Built(
      int status, StoreDirectory store, List<Failed> failures, List<String> notes) {
    Optional<String> derivation(Failed failed) {
      return failed.derivation().map(store::path);
    }
  }

  @Override
  public int verbosity() {
    return before.verbosity();
  }

  @Override
  public int run(Caller caller, Messages messages, PrintStream out) {
    StandardStream.requireAll();
    SystemCalls calls = CallersKernel.calls(caller, before.workDirectory());
    // It is the program's: without this the JVM would print its threads.
    SignalPipe.handle(calls, Signals.SIGQUIT, signal -> {});
    Choice choice = new Choice(caller, messages);
    Built built;
    do {
      built = build(caller, new FileSystem(calls));
      if (json) {
        out.println(json(built).ascii());
      } else if (built.status() != 0) {
        built.notes().forEach(messages::note);
        if (noShell) {
          built.failures().forEach(failed -> hint(failed, messages));
        } else {
          enter(built, choice, caller, messages, out, calls);
        }
      }
    } while (built.status() != 0 && !json && !noShell && choice.again());
    return built.status();
  }

  private Built build(Caller caller, FileSystem files) {
    NixStore store = StoreChoice.of(caller, files, before.store());
    StartedBuilds started = new StartedBuilds(store.directory());
    Instant start = Instant.now().minus(TICK);
    Optional<BuildRecords> records = records(caller, started);
    List<String> settings =
        Stream.concat(Stream.of("keep-failed = true"), records.map(BuildRecords::setting).stream())
            .toList();
    FrontEnd.Ended ended;
    try {
      ended = new FrontEnd(command(), settings).run(caller, json);
    } finally {
      records.ifPresent(BuildRecords::close);
    }
    boolean heard = records.filter(BuildRecords::wereHeard).isPresent();
    if (ended.status() == 0) {
      return new Built(0, store.directory(), List.of(), List.of());
    }
    DerivationFinder finder =
        KeptDirectories.finder(caller, files, store, Answers.NONE, () -> false);
    NewFailures news = new NewFailures(caller, files, store, finder);
    List<Failed> found = news.since(start, heard ? Optional.of(started.here()) : Optional.empty());
    Predicate<StorePath> own =
        heard
            ? started.here()::contains
            : found.size() == 1 && isLast(found.get(0)) ? any -> true : toBuild(caller, store);
    List<Failed> failures =
        found.stream().filter(each -> each.derivation().map(own::test).orElse(true)).toList();
    List<String> notes = new ArrayList<>();
    if (ended.interrupted()) {
      news.closedSince(start).forEach(path -> notes.add(closed(path)));
    } else if (failures.isEmpty()) {
      notes.addAll(NothingLeft.lines(finder, start, started.elsewhere(), own));
    }
    return new Built(ended.status(), store.directory(), failures, notes);
  }

  /** Decides whether Nix may have ended since this build failed. */
  private static boolean isLast(Failed failed) {
    return failed.changed().plus(LONGEST_END).isAfter(Instant.now());
  }

  /**
   * Asks Nix what it still has to build, which tells the program's own failures from those of other
   * clients of this host. When Nix cannot even say that, the expression is wrong.
   */
  private Predicate<StorePath> toBuild(Caller caller, NixStore store) {
    if (!using.map(ByteString::latin1).map(OF_NIX::contains).orElse(true)) {
      return any -> true;
    }
    Set<ByteString> all = new FrontEnd(command(), List.of()).toBuild(caller);
    return derivation -> all.contains(ByteString.of(store.directory().path(derivation)));
  }

  private static String closed(ByteString path) {
    return "interrupted: only root can enter what that left: sudo nix-build-shell "
        + ShellWord.quote(path);
  }

  private Optional<BuildRecords> records(Caller caller, StartedBuilds started) {
    if (caller.settings().get(RECORDS).isPresent() || !hasRecords(caller)) {
      return Optional.empty();
    }
    try {
      return Optional.of(BuildRecords.listen(started::add));
    } catch (IOException e) {
      return Optional.empty(); // The directories and the logs tell nearly as much.
    }
  }

  private static boolean hasRecords(Caller caller) {
    try {
      Optional<NixProgram> nix = NixProgram.find(caller, "nix", () -> false);
      Matcher version =
          VERSION.matcher(nix.isPresent() ? nix.get().run(List.of("--version")).latin1() : "");
      return version.find() && Integer.parseInt(version.group(1)) >= FIRST_WITH_RECORDS;
    } catch (NixProgram.Unanswered e) {
      return false;
    }
  }

  private List<ByteString> command() {
    List<ByteString> words = new ArrayList<>();
    if (using.isPresent()) {
      words.add(using.get());
    } else if (!arguments.isEmpty() && isForNixBuild(arguments.get(0))) {
      words.add(ByteString.of("nix-build"));
    } else {
      words.addAll(List.of(ByteString.of("nix"), ByteString.of("build")));
    }
    words.addAll(arguments);
    return words;
  }

  private static boolean isForNixBuild(ByteString first) {
    try {
      return first.latin1().matches("-[AE]|--attr|--expr")
          || Files.isRegularFile(Path.of(first.toString()));
    } catch (InvalidPathException e) {
      return false;
    }
  }

  /** Opens the shell of the only failure, or of those that the caller chooses. */
  private void enter(
      Built built,
      Choice choice,
      Caller caller,
      Messages messages,
      PrintStream out,
      SystemCalls calls) {
    List<Failed> failures = built.failures();
    boolean several = failures.size() > 1 && choice.canAsk();
    Optional<Failed> chosen = several ? chosen(failures, choice) : failures.stream().findFirst();
    if (!choice.canAsk()) {
      failures.forEach(failed -> messages.note(failed.what()));
    }
    while (chosen.isPresent()) {
      try {
        Enter.run(options(built, chosen.get()), caller, messages, out, calls);
      } catch (Failure e) {
        messages.failure(e); // The exit status is the program's.
      }
      chosen = several ? chosen(failures, choice) : Optional.empty();
    }
  }

  private static Optional<Failed> chosen(List<Failed> failures, Choice choice) {
    return choice.of(failures.stream().map(BuildCommand::line).toList()).map(failures::get);
  }

  private static String line(Failed failed) {
    String which = failed.derivation().map(StorePath::baseName).orElse(failed.path().toString());
    return failed.what() + " (" + which + ")";
  }

  private Options options(Built built, Failed failed) {
    return before.in(
        failed.path(),
        failed.named() ? built.derivation(failed).map(ByteString::of) : Optional.empty());
  }

  /** Returns what docs/build.schema.json describes. */
  private static Json json(Built built) {
    return Json.of(
        Map.of(
            "status", built.status(),
            "failures", built.failures().stream().map(each -> json(built, each)).toList(),
            "notes", built.notes()));
  }

  private static Map<String, Object> json(Built built, Failed failed) {
    return Map.of(
        "name", failed.name(),
        "derivation", built.derivation(failed),
        "phase", failed.phase(),
        "end", failed.end().map(end -> end.name().toLowerCase(Locale.ROOT)),
        "what", failed.what(),
        "directory", failed.path());
  }

  private static void hint(Failed failed, Messages messages) {
    messages.note(failed.what());
    messages.note("enter it with: nix-build-shell " + ShellWord.quote(failed.path()));
  }
}
