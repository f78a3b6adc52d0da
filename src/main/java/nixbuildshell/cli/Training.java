package nixbuildshell.cli;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import nixbuildshell.ByteString;
import nixbuildshell.kernel.CoreDumps;
import nixbuildshell.kernel.Kernels;

/**
 * Runs several command lines in one process while the JVM records which classes they need. {@code
 * src/main/launcher/make-cache} makes the class cache with it; nothing else calls it.
 */
final class Training {
  private static final String NEXT = ",";

  private Training() {}

  /**
   * Runs each command line, whatever comes of it.
   *
   * @param words the command lines, with a word "," between two of them
   */
  public static void main(String[] words) {
    Kernels.prepare();
    CoreDumps.restore();
    PrintStream nowhere = new PrintStream(PrintStream.nullOutputStream());
    Main tool = new Main(Main.caller(), nowhere, System.err);
    List<ByteString> arguments = new ArrayList<>();
    for (String word : words) {
      if (word.equals(NEXT)) {
        tool.run(List.copyOf(arguments));
        arguments.clear();
      } else {
        arguments.add(ByteString.of(word));
      }
    }
    tool.run(arguments);
  }
}
