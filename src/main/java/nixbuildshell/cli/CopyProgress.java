package nixbuildshell.cli;

import java.io.PrintStream;
import java.util.concurrent.TimeUnit;
import nixbuildshell.session.TreeCopy;

/** One line on a terminal that says how far a copy is, once it takes longer than a second. */
final class CopyProgress implements TreeCopy.Progress, AutoCloseable {
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(1);
  private static final long REFRESH = TimeUnit.MILLISECONDS.toNanos(100);

  private final PrintStream err;
  private final boolean terminal;
  private long next = System.nanoTime() + PATIENCE;
  private boolean shown;

  CopyProgress(PrintStream err, boolean terminal) {
    this.err = err;
    this.terminal = terminal;
  }

  @Override
  public void copied(long files, long bytes) {
    long now = System.nanoTime();
    if (terminal && now - next >= 0) {
      next = now + REFRESH;
      shown = true;
      err.printf("\rcopying the build directory: %,d files, %,d MB ", files, bytes / 1_000_000);
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
