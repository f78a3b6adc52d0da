package nixbuildshell.files;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Works through lists in the calling thread from the beginning, and in a second one from the end.
 * The second waits between the lists. The first error of either stops both.
 */
final class TwoThreads<T> implements AutoCloseable {
  private final Consumer<T> work;
  private final Thread second = new Thread(this::help, "copying");
  private List<T> items = List.of();

  /** The first item that neither thread has taken. */
  private int next;

  /** The item after the last that neither has taken. */
  private int end;

  /** Whether the second thread may be at work on an item. */
  private boolean helping;

  private boolean closed;
  private Optional<Throwable> error = Optional.empty();

  /**
   * @param work what to do with each item; it may throw what is unchecked
   */
  TwoThreads(Consumer<T> work) {
    this.work = work;
    second.setDaemon(true);
    second.start();
  }

  /** Does the work on every item. Throws the first error, when no thread is at work any more. */
  void each(List<T> list) {
    begin(list);
    workOn();
    finish();
  }

  /** Decides whether there was an error, so that a long piece of work should end. */
  synchronized boolean failed() {
    return error.isPresent();
  }

  private synchronized void begin(List<T> list) {
    items = list;
    next = 0;
    end = list.size();
    notifyAll();
  }

  private synchronized void finish() {
    while (helping) {
      pause();
    }
    if (error.orElse(null) instanceof Error serious) {
      throw serious;
    } else if (error.orElse(null) instanceof RuntimeException unchecked) {
      throw unchecked;
    }
  }

  private void workOn() {
    try {
      for (Optional<T> item = take(); item.isPresent(); item = take()) {
        work.accept(item.get());
      }
    } catch (RuntimeException | Error e) {
      stop(e);
    }
  }

  private synchronized Optional<T> take() {
    if (error.isPresent() || next == end) {
      return Optional.empty();
    }
    return Optional.of(items.get(Thread.currentThread() == second ? --end : next++));
  }

  private synchronized void stop(Throwable e) {
    error = error.or(() -> Optional.of(e));
  }

  private void help() {
    while (mayHelp()) {
      workOn();
    }
  }

  /** Waits for a list with items left, or the end. */
  private synchronized boolean mayHelp() {
    helping = false;
    notifyAll();
    while (!closed && (next == end || error.isPresent())) {
      pause();
    }
    helping = !closed;
    return helping;
  }

  private void pause() {
    try {
      wait();
    } catch (InterruptedException e) {
      // Nothing interrupts these threads: a signal is asked for between two files.
    }
  }

  /** Ends the second thread. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    try {
      second.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
