package nixbuildshell.files;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Shares work between the calling thread, which finds it, and a second one, which begins at once.
 * The second takes the oldest item, and the caller the newest. An error of either stops both.
 */
final class TwoThreads<T> implements AutoCloseable {
  /** For fewer items it costs more to wake the second thread. */
  private static final int WORTH_WAKING = 4;

  private final Function<T, ?> group;
  private final Consumer<T> work;
  private final Predicate<T> secondWork;
  private final Thread second = new Thread(this::workInSecond, "copying");

  /** What neither thread has taken, the oldest first. */
  private final Deque<T> waiting = new ArrayDeque<>();

  /** What the second thread has left to the caller. */
  private final Deque<T> leftToCaller = new ArrayDeque<>();

  /** How many items of a group wait, or are in the second thread's work. */
  private final Map<Object, Integer> groups = new HashMap<>();

  /** Whether the second thread is at work on an item. */
  private boolean busy;

  private volatile boolean closed;
  private volatile Optional<Throwable> error = Optional.empty();

  /**
   * @param group tells which items belong together
   * @param work what the calling thread does with an item
   * @param secondWork what the second thread does with an item; false when it leaves that to the
   *     caller
   */
  TwoThreads(Function<T, ?> group, Consumer<T> work, Predicate<T> secondWork) {
    this.group = group;
    this.work = work;
    this.secondWork = secondWork;
    second.setDaemon(true);
    second.start();
  }

  /** Adds an item, which the second thread may begin with, and returns how many wait. */
  synchronized int add(T item) {
    waiting.addLast(item);
    groups.merge(group.apply(item), 1, Integer::sum);
    if (!busy && waiting.size() >= WORTH_WAKING) {
      notifyAll();
    }
    return waiting.size() + leftToCaller.size();
  }

  /** Decides whether an item of this group waits, or is in the second thread's work. */
  synchronized boolean holds(Object group) {
    return groups.containsKey(group);
  }

  /** Does the work on one item in the calling thread; false when none waits. */
  boolean workOnOne() {
    stopIfOtherFailed();
    Optional<T> item = takeNewest();
    item.ifPresent(work);
    return item.isPresent();
  }

  private synchronized Optional<T> takeNewest() {
    T item = leftToCaller.isEmpty() ? waiting.pollLast() : leftToCaller.poll();
    if (item != null) {
      release(item);
    }
    return Optional.ofNullable(item);
  }

  private void release(T item) {
    groups.computeIfPresent(group.apply(item), (each, count) -> count == 1 ? null : count - 1);
  }

  /** Ends when all work is done. */
  void finish() {
    boolean left = true;
    while (left) {
      left = workOnOne() || !secondHasFinished();
    }
  }

  /** Waits for the second thread; false when it has left something to the caller. */
  private synchronized boolean secondHasFinished() {
    while (busy) {
      pause();
    }
    stopIfOtherFailed();
    return leftToCaller.isEmpty();
  }

  /** Throws the second thread's error in the calling one, and an end in the second at the close. */
  void stopIfOtherFailed() {
    Throwable thrown = error.orElse(null);
    if (thrown instanceof Error serious) {
      throw serious;
    } else if (thrown instanceof RuntimeException unchecked) {
      throw unchecked;
    } else if (closed) {
      throw new CancellationException("the other thread has ended");
    }
  }

  private void workInSecond() {
    try {
      Optional<T> item = takeOldest();
      while (item.isPresent()) {
        item = takeNext(item.get(), secondWork.test(item.get()));
      }
    } catch (RuntimeException | Error e) {
      fail(e);
    }
  }

  /** Waits for an item, or the end. */
  private synchronized Optional<T> takeOldest() {
    while (!closed && waiting.isEmpty()) {
      rest();
      pause();
    }
    busy = !closed;
    return closed ? Optional.empty() : Optional.of(waiting.pollFirst());
  }

  /** Ends the work on an item and begins with the next: each lock costs more than the rest here. */
  private synchronized Optional<T> takeNext(T item, boolean done) {
    if (done) {
      release(item);
    } else {
      leftToCaller.add(item);
    }
    return takeOldest();
  }

  private synchronized void fail(Throwable e) {
    error = Optional.of(e);
    rest();
  }

  private void rest() {
    busy = false;
    notifyAll();
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
