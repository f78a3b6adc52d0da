package nixbuildshell.console;

import java.io.PrintStream;
import java.util.concurrent.TimeUnit;

/** Shows on a terminal how far the tool is, in one line, once it has worked for a second. */
public final class ProgressLine implements AutoCloseable {
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(1);
  private static final long REFRESH = TimeUnit.MILLISECONDS.toNanos(100);

  private final PrintStream err;
  private final boolean terminal;
  private final String what;
  private long next = System.nanoTime() + PATIENCE;
  private boolean shown;

  /**
   * Makes a line that shows nothing yet.
   *
   * @param terminal whether stderr is a terminal: if not, nothing is ever shown
   * @param what what the tool does, such as "copying the build directory"
   */
  public ProgressLine(PrintStream err, boolean terminal, String what) {
    this.what = what;
    this.err = err;
    this.terminal = terminal;
  }

  /** Shows how many files have been copied, and how many bytes. */
  public void copied(long files, long bytes) {
    show("%,d files, %,d MB ", files, bytes / 1_000_000);
  }

  /** Shows how many files have been looked at. */
  public void done(long files) {
    show("%,d files ", files);
  }

  private void show(String format, Object... numbers) {
    long now = System.nanoTime();
    if (terminal && now - next >= 0) {
      next = now + REFRESH;
      shown = true;
      err.print("\r" + what + ": " + String.format(format, numbers));
      err.flush();
    }
  }

  /** Wipes the line. */
  @Override
  public void close() {
    if (shown) {
      err.print("\r\033[K");
      err.flush();
    }
  }
}
