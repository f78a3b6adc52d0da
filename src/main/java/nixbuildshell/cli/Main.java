package nixbuildshell.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.cli.commands.EnterCommand;
import nixbuildshell.cli.commands.Subcommand;
import nixbuildshell.console.ExitCode;
import nixbuildshell.console.Messages;
import nixbuildshell.console.ProcessBytes;
import nixbuildshell.enter.Options;
import nixbuildshell.kernel.CoreDumps;
import nixbuildshell.kernel.Kernels;
import nixbuildshell.nix.Caller;
import nixbuildshell.store.StoreDirectory;
import nixbuildshell.terminal.StandardStream;

/** Chooses the subcommand, runs it, reports what went wrong, and returns the exit code. */
public final class Main {
  private final Caller caller;
  private final PrintStream out;
  private final PrintStream err;

  Main(Caller caller, PrintStream out, PrintStream err) {
    this.caller = caller;
    this.out = out;
    this.err = err;
  }

  /**
   * Runs the tool and ends the process.
   *
   * @param args only counted: their bytes are taken from the kernel
   */
  public static void main(String[] args) {
    Kernels.prepare();
    CoreDumps.restore();
    PrintStream out = utf8(FileDescriptor.out);
    PrintStream err = utf8(FileDescriptor.err);
    int code = new Main(caller(), out, err).run(ProcessBytes.arguments(args.length));
    out.flush();
    err.flush();
    Kernels.exit(code);
  }

  /** Opens a stream in UTF-8. The JVM's own print "?" for what the locale cannot spell. */
  private static PrintStream utf8(FileDescriptor descriptor) {
    return new PrintStream(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
  }

  /** Reads once what comes from outside. */
  static Caller caller() {
    Set<Integer> terminals = new HashSet<>();
    for (int descriptor = 0; descriptor <= 2; descriptor++) {
      if (StandardStream.isTerminal(descriptor)) {
        terminals.add(descriptor);
      }
    }
    return Caller.of(
        ProcessBytes.environment(),
        terminals,
        Path.of("/etc"),
        ProcessBytes.effectiveId("Uid"),
        ProcessBytes.effectiveId("Gid"),
        storeOwner());
  }

  /** Runs the tool with these arguments and returns its exit code. */
  int run(List<ByteString> arguments) {
    // Only stderr has colours.
    boolean colour = caller.hasTerminal(2) && caller.environment("NO_COLOR").isEmpty();
    Messages messages = new Messages(err, colour, 0);
    try {
      Subcommand subcommand = choose(arguments);
      messages = new Messages(err, colour, subcommand.verbosity());
      return subcommand.run(caller, messages, out);
    } catch (Failure e) {
      messages.failure(e);
      return e.exitCode().orElse(ExitCode.TOOL_FAILED);
    } catch (RuntimeException | Error e) {
      messages.defect(e);
      return ExitCode.TOOL_FAILED;
    }
  }

  private static long storeOwner() {
    try {
      Object uid = Files.getAttribute(Path.of(StoreDirectory.DEFAULT.path()), "unix:uid");
      return (Integer) uid & 0xFFFFFFFFL;
    } catch (IOException e) {
      return 0;
    }
  }

  private static Subcommand choose(List<ByteString> arguments) {
    Optional<Options> plain = PlainForm.parse(arguments);
    Subcommand chosen =
        plain.isPresent()
            ? new EnterCommand(plain.get())
            : CommandLineSyntax.parse(CommandLineSyntax.parser(), arguments);
    if (chosen instanceof EnterCommand enter) {
      MistakenOption.requireNone(enter.options());
    }
    return chosen;
  }
}
