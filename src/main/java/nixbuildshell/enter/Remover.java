package nixbuildshell.enter;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.console.ProcessBytes;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.launch.Detached;
import nixbuildshell.sandbox.Program;
import nixbuildshell.session.Sessions;

/**
 * Starts a process that deletes what was given up, so that the caller need not wait for it. It is
 * another JVM, since a copy of this one could run no Java.
 */
record Remover(SystemCalls calls, Sessions sessions) implements BooleanSupplier {
  private static final ByteString MAIN = ByteString.of("nixbuildshell.session.RemoverMain");
  private static final ByteString SELF = ByteString.of("/proc/self/exe");

  /** Starts the process, and decides whether it could be started. */
  @Override
  public boolean getAsBoolean() {
    List<ByteString> words = new ArrayList<>(ProcessBytes.jar());
    if (words.isEmpty()) {
      return false;
    }
    words.add(MAIN);
    Program program = new Program(List.of(SELF), words, List.of(), ".", false, false);
    try {
      Detached.start(calls, program, sessions.descriptor());
      return true;
    } catch (ErrnoException | Failure e) {
      return false;
    }
  }
}
