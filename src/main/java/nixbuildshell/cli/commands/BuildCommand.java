package nixbuildshell.cli.commands;

import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.capture.NewFailures.Failed;
import nixbuildshell.console.Messages;
import nixbuildshell.console.ShellWord;
import nixbuildshell.enter.Enter;
import nixbuildshell.enter.Options;
import nixbuildshell.files.FileSystem;
import nixbuildshell.kernel.Signals;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.nix.Caller;
import nixbuildshell.nix.Configuration;
import nixbuildshell.store.Json;
import nixbuildshell.store.StorePath;
import nixbuildshell.terminal.SignalPipe;
import nixbuildshell.terminal.StandardStream;

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

  /** The programs that take Nix's own arguments. */
  private static final Set<String> OF_NIX = Set.of("nix", "nix-build");

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
    BuildRun run = BuildRun.of(caller, new FileSystem(calls), before.store(), command(), isOfNix());
    Built built;
    do {
      built = run.run(json);
      if (json) {
        out.println(json(built).ascii());
      } else if (built.status() != 0) {
        built.notes().forEach(messages::note);
        if (noShell) {
          hint(built, built.failures(), messages);
        } else {
          enter(built, choice, caller, messages, out, calls);
        }
      }
    } while (built.status() != 0 && !built.interrupted() && !json && !noShell && choice.again());
    return built.status();
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

  private boolean isOfNix() {
    return using.map(ByteString::latin1).map(OF_NIX::contains).orElse(true);
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
    // A caller who presses Ctrl-C does not want the shell of what that stopped.
    List<Failed> failures =
        built.failures().stream().filter(it -> !built.interrupted() || !it.isStopped()).toList();
    hint(built, built.failures().stream().filter(it -> !failures.contains(it)).toList(), messages);
    boolean several = failures.size() > 1 && choice.canAsk();
    Optional<Failed> chosen = several ? chosen(failures, choice) : failures.stream().findFirst();
    if (!choice.canAsk()) {
      failures.forEach(failed -> messages.note(failed.what()));
    }
    while (chosen.isPresent()) {
      try {
        Enter.run(
            options(built, chosen.get()), caller, Configuration.read(caller), messages, out, calls);
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
    return before.in(failed.path(), built.toName(failed).map(ByteString::of), failed.order());
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

  private static void hint(Built built, List<Failed> failures, Messages messages) {
    for (Failed failed : failures) {
      String option = built.toName(failed).map(drv -> "--drv " + drv + " ").orElse("");
      messages.note(failed.what());
      messages.note("enter it with: nix-build-shell " + option + ShellWord.quote(failed.path()));
    }
  }
}
