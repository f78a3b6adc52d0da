package nixbuildshell.nix;

import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Asks Nix in a thread of its own, beside what the tool does meanwhile. The question may run a
 * {@link NixProgram}, but makes no system call of {@code files}: their memory is the caller's
 * thread's.
 */
public final class Background<T> implements AutoCloseable {
  private final FutureTask<T> answer;
  private final Thread thread;

  /** Begins to ask, and returns at once. */
  public Background(String name, Callable<T> question) {
    this.answer = new FutureTask<>(question);
    this.thread = new Thread(answer, name);
    thread.setDaemon(true);
    thread.start();
  }

  /**
   * Waits for the answer.
   *
   * @throws CancellationException when the question was cancelled, as {@link NixProgram} is
   */
  public T await() {
    try {
      return answer.get();
    } catch (InterruptedException | ExecutionException e) {
      if (e.getCause() instanceof CancellationException stop) {
        throw stop;
      }
      throw new IllegalStateException(e);
    }
  }

  /** Asks no longer: a program that runs for the question is killed. */
  @Override
  public void close() {
    answer.cancel(true);
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
