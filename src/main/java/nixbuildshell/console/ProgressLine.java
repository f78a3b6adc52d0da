package nixbuildshell.console;

import java.io.PrintStream;
import java.util.concurrent.TimeUnit;

/** One line on a terminal that says how far something is, once it takes longer than a second. */
public final class ProgressLine implements AutoCloseable {
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(1);
  private static final long REFRESH = TimeUnit.MILLISECONDS.toNanos(100);

  private final PrintStream err;
  private final boolean terminal;
  private final String what;
  private long next = System.nanoTime() + PATIENCE;
  private boolean shown;

  /**
   * @param what is being done: "copying the build directory"
   */
  public ProgressLine(PrintStream err, boolean terminal, String what) {
    this.what = what;
    this.err = err;
    this.terminal = terminal;
  }

  /** Files that have been copied, and their bytes. */
  public void copied(long files, long bytes) {
    show("%,d files, %,d MB ", files, bytes / 1_000_000);
  }

  /** Files that have been gone through. */
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
