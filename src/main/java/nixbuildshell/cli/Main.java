package nixbuildshell.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.console.ExitCode;
import nixbuildshell.console.Messages;
import nixbuildshell.console.ProcessBytes;
import nixbuildshell.enter.Enter;
import nixbuildshell.enter.Options;
import nixbuildshell.kernel.Kernel;
import nixbuildshell.kernel.Kernels;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.kernel.UnpackDirectory;
import nixbuildshell.nix.Caller;
import nixbuildshell.terminal.StandardStream;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.ParameterException;

/**
 * The way in and the only way out: parses, runs, prints what went wrong, ends with the exit code.
 */
public final class Main {
  private Main() {}

  /**
   * Runs the tool.
   *
   * @param args only counted: their bytes are taken from the kernel
   */
  public static void main(String[] args) {
    PrintStream out = utf8(FileDescriptor.out);
    PrintStream err = utf8(FileDescriptor.err);
    int code = run(ProcessBytes.arguments(args.length), caller(), out, err);
    out.flush();
    err.flush();
    System.exit(code);
  }

  /** The JVM's own streams turn what the locale cannot spell into question marks. */
  private static PrintStream utf8(FileDescriptor descriptor) {
    return new PrintStream(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
  }

  /** Reads once what comes from outside. */
  private static Caller caller() {
    Set<Integer> terminals =
        IntStream.range(0, 3)
            .filter(StandardStream::isTerminal)
            .boxed()
            .collect(Collectors.toSet());
    return Caller.of(
        ProcessBytes.environment(),
        terminals,
        Path.of("/etc"),
        ProcessBytes.effectiveId("Uid"),
        ProcessBytes.effectiveId("Gid"));
  }

  private static int run(
      List<ByteString> arguments, Caller caller, PrintStream out, PrintStream err) {
    CommandLineSyntax syntax = new CommandLineSyntax();
    CommandLine parser = CommandLineSyntax.parser(syntax);
    Messages messages = new Messages(err, colour(caller), 0);
    try {
      parser.parseArgs(arguments.stream().map(ByteString::latin1).toArray(String[]::new));
      if (parser.isUsageHelpRequested()) {
        parser.usage(out, Ansi.OFF);
        return 0;
      }
      if (parser.isVersionHelpRequested()) {
        parser.printVersionHelp(out, Ansi.OFF);
        return 0;
      }
      Options options = syntax.options(parser);
      messages = new Messages(err, colour(caller), options.verbosity());
      StandardStream.requireAll();
      Kernel kernel =
          Kernels.best(() -> UnpackDirectory.make(options.workDirectory(), caller::environment));
      return new Enter(options, caller, messages, out, new SystemCalls(kernel)).run();
    } catch (ParameterException e) {
      messages.note(new ByteString(e.getMessage()) + " (nix-build-shell --help tells the usage)");
      return ExitCode.USAGE;
    } catch (Failure e) {
      messages.failure(e);
      return e.exitCode().orElse(ExitCode.TOOL_FAILED);
    } catch (RuntimeException | Error e) {
      messages.defect(e);
      return ExitCode.TOOL_FAILED;
    }
  }

  /** Everything that is coloured goes to stderr. */
  private static boolean colour(Caller caller) {
    return caller.hasTerminal(2) && caller.environment("NO_COLOR").isEmpty();
  }
}
