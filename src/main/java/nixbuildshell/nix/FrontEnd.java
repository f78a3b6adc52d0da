package nixbuildshell.nix;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.abi.Errno;
import nixbuildshell.console.ExitCode;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * Runs the program with which the caller builds. It has the caller's terminal and environment, and
 * one thing more: settings at the end of {@code NIX_CONFIG}, which Nix reads after its files.
 *
 * @param command the program and its arguments
 * @param settings lines of {@code nix.conf}
 */
public record FrontEnd(List<ByteString> command, List<String> settings) {
  private static final String NIX_CONFIG = "NIX_CONFIG";

  /** Matches what Java says of a failing exec, on 17 and on 25. */
  private static final Pattern ERRNO = Pattern.compile("error[=:] ?([0-9]+)");

  /** Matches what Nix says of an option that it lacks, and of a build that it may not begin. */
  private static final Pattern UNANSWERED = Pattern.compile("dry-run|allow-import-from-derivation");

  public FrontEnd {
    command = List.copyOf(command);
    settings = List.copyOf(settings);
  }

  /**
   * Tells how the program ended.
   *
   * @param status its exit status; 128+n when signal n ended it
   * @param interrupted whether Ctrl-C or a signal to the tool ended it
   */
  public record Ended(int status, boolean interrupted) {}

  /**
   * Runs the program to its end. The terminal's keys reach it without the tool, which passes
   * SIGTERM and SIGHUP on.
   *
   * @param outputToStderr whether what it writes to stdout goes to stderr
   * @throws Failure when it cannot be run
   */
  public Ended run(Caller caller, boolean outputToStderr) {
    ProcessBuilder builder = builder(caller, command).inheritIO();
    if (outputToStderr) {
      builder.redirectOutput(ProcessBuilder.Redirect.PIPE);
    }
    Process process = start(builder);
    if (!outputToStderr) {
      return await(process);
    }
    // By a pipe: the caller may not be able to open stderr once more.
    try (Background<Long> copy =
        new Background<>("output", () -> process.getInputStream().transferTo(System.err))) {
      Ended ended = await(process);
      copy.await();
      return ended;
    }
  }

  private ProcessBuilder builder(Caller caller, List<ByteString> words) {
    ProcessBuilder builder = new ProcessBuilder(words.stream().map(FrontEnd::passable).toList());
    String all =
        Stream.concat(
                caller.environment(NIX_CONFIG).map(FrontEnd::passable).stream(), settings.stream())
            .collect(Collectors.joining("\n"));
    builder.environment().put(NIX_CONFIG, all);
    return builder;
  }

  private Process start(ProcessBuilder builder) {
    try {
      return builder.start();
    } catch (IOException e) {
      Matcher errno = ERRNO.matcher(String.valueOf(e.getMessage()));
      Optional<Integer> number =
          Optional.of(errno).filter(Matcher::find).map(found -> Integer.valueOf(found.group(1)));
      boolean missing = number.filter(known -> known == Errno.ENOENT.number()).isPresent();
      throw new Failure(
          "cannot run " + command.get(0),
          number.map(Errno::describe).orElse(String.valueOf(e.getMessage())),
          "the program that you build with: --using PROGRAM build ARGS",
          missing ? ExitCode.NOT_FOUND : ExitCode.NOT_EXECUTABLE);
    }
  }

  /**
   * Returns the derivations that Nix says it has yet to build: the program does all but build.
   *
   * @return none when Nix cannot evaluate the expression; empty when it may have built and cannot
   *     say so, since the program has no such option or the expression needs a build
   */
  public Optional<Set<ByteString>> toBuild(Caller caller) {
    List<ByteString> words = new ArrayList<>(command);
    int delimiter = words.indexOf(ByteString.of("--"));
    words.add(delimiter < 0 ? words.size() : delimiter, ByteString.of("--dry-run"));
    ProcessBuilder builder = builder(caller, words);
    builder.redirectInput(new File("/dev/null")).redirectErrorStream(true);
    builder.redirectOutput(ProcessBuilder.Redirect.PIPE);
    Process process = start(builder);
    try (InputStream in = process.getInputStream()) {
      String said = ByteString.of(in.readAllBytes()).latin1();
      if (await(process).status() != 0) {
        return UNANSWERED.matcher(said).find() ? Optional.empty() : Optional.of(Set.of());
      }
      return Optional.of(
          said.lines()
              .map(String::strip)
              .filter(line -> line.startsWith("/") && line.endsWith(".drv"))
              .map(ByteString::new)
              .collect(Collectors.toSet()));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static Ended await(Process process) {
    Map<Signal, SignalHandler> before = new HashMap<>();
    AtomicBoolean interrupted = new AtomicBoolean();
    SignalHandler pass =
        caught -> {
          interrupted.set(true);
          process.destroy();
        };
    take("INT", caught -> interrupted.set(true), before);
    take("TERM", pass, before);
    take("HUP", pass, before);
    try {
      return new Ended(process.waitFor(), interrupted.get());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Failure("cannot wait for " + process.pid(), "interrupted", "", e);
    } finally {
      before.forEach(Signal::handle);
    }
  }

  /** Handles a signal, unless the caller ignores it. */
  private static void take(String name, SignalHandler action, Map<Signal, SignalHandler> before) {
    Signal signal = new Signal(name);
    SignalHandler old = Signal.handle(signal, action);
    if (old == SignalHandler.SIG_IGN) {
      Signal.handle(signal, old);
    } else {
      before.put(signal, old);
    }
  }

  /** Returns a word as Java passes it to a process: spelled in the locale's charset. */
  private static String passable(ByteString word) {
    Charset locale = Charset.forName(System.getProperty("sun.jnu.encoding"));
    String text = new String(word.bytes(), locale);
    if (!ByteString.of(text.getBytes(locale)).equals(word)) {
      throw new Failure(
          "cannot pass " + word + " on", "the locale cannot spell it", "LC_ALL=C.UTF-8");
    }
    return text;
  }
}
