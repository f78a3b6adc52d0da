package nixbuildshell.nix;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Asks Nix, or does other work, in a thread of its own, beside what the tool does meanwhile. */
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
   * Waits for the answer. Throws what the question has thrown unchecked: a {@link
   * java.util.concurrent.CancellationException} when it was cancelled, as {@link NixProgram} is.
   */
  public T await() {
    try {
      return answer.get();
    } catch (InterruptedException | ExecutionException e) {
      if (e.getCause() instanceof RuntimeException why) {
        throw why;
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
