package nixbuildshell.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Predicate;
import nixbuildshell.Failure;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TwoThreadsTest {
  /** Shares numbers, ten of which are a group. */
  private static TwoThreads<Integer> sharing(Consumer<Integer> work, Predicate<Integer> second) {
    return new TwoThreads<>(number -> number / 10, work, second);
  }

  private static TwoThreads<Integer> sharing(Consumer<Integer> work) {
    return sharing(
        work,
        number -> {
          work.accept(number);
          return true;
        });
  }

  private static void add(TwoThreads<Integer> threads, int count) {
    for (int i = 0; i < count; i++) {
      threads.add(i);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void eachItemComesOnceBeforeTheEnd() {
    Set<Integer> done = ConcurrentHashMap.newKeySet();
    try (TwoThreads<Integer> threads = sharing(item -> assertTrue(done.add(item)))) {
      for (int count = 0; count < 300; count++) {
        add(threads, count);
        threads.finish();
        assertEquals(count, done.size(), "it went on before all was done");
        assertFalse(threads.workOnOne());
        done.clear();
      }
    }
  }

  /** The second thread begins with the first item while the caller still adds the last. */
  @Test
  void theSecondThreadWorksBesideTheCaller() {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch both = new CountDownLatch(2);
    AtomicReference<Thread> second = new AtomicReference<>();
    TwoThreads<Integer> threads =
        sharing(
            item -> {
              both.countDown();
              await(both);
            },
            item -> {
              second.compareAndSet(null, Thread.currentThread());
              assertTrue(begun.getCount() == 0 || item == 0);
              begun.countDown();
              both.countDown();
              await(both);
              return true;
            });
    add(threads, 10);
    await(begun);
    threads.add(10);
    threads.finish();
    assertNotSame(Thread.currentThread(), second.get());
    assertTrue(second.get().isAlive());
    threads.close();
    assertFalse(second.get().isAlive());
  }

  @Test
  void tellsWhatGroupsItHolds() {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    try (TwoThreads<Integer> threads =
        sharing(
            item -> {},
            item -> {
              begun.countDown();
              await(goOn);
              return true;
            })) {
      add(threads, 12);
      await(begun);
      assertTrue(threads.holds(0) && threads.holds(1));
      threads.workOnOne();
      threads.workOnOne();
      assertTrue(threads.holds(0));
      assertFalse(threads.holds(1), "the newest were not the first");
      while (threads.workOnOne()) {
        assertTrue(threads.holds(0), "the second thread is at work on one");
      }
      goOn.countDown();
      threads.finish();
      assertFalse(threads.holds(0));
    }
  }

  @Test
  void whatTheSecondLeavesComesToTheCaller() {
    Thread caller = Thread.currentThread();
    AtomicInteger done = new AtomicInteger();
    try (TwoThreads<Integer> threads =
        sharing(
            item -> {
              assertSame(caller, Thread.currentThread());
              done.incrementAndGet();
            },
            item -> false)) {
      for (int i = 0; i < 1000; i++) {
        threads.add(i);
        assertTrue(threads.holds(i / 10));
      }
      threads.finish();
      assertEquals(1000, done.get());
      assertFalse(threads.holds(99));
    }
  }

  @Test
  void anErrorOfTheSecondStopsTheCaller() {
    Failure failure = new Failure("cannot copy 0", "ENOSPC", "");
    AtomicInteger begun = new AtomicInteger();
    CountDownLatch failing = new CountDownLatch(1);
    try (TwoThreads<Integer> threads =
        sharing(
            item -> await(failing),
            item -> {
              begun.incrementAndGet();
              failing.countDown();
              throw failure;
            })) {
      add(threads, 10);
      assertSame(failure, assertThrows(Failure.class, threads::finish));
      assertSame(failure, assertThrows(Failure.class, threads::workOnOne));
      assertEquals(1, begun.get(), "the second thread went on");
    }
  }

  /** The second thread is in a long piece of work. */
  @Test
  void theEndStopsTheSecond() {
    CountDownLatch begun = new CountDownLatch(1);
    List<Integer> stopped = new java.util.concurrent.CopyOnWriteArrayList<>();
    AtomicReference<TwoThreads<Integer>> self = new AtomicReference<>();
    TwoThreads<Integer> threads =
        sharing(
            item -> {},
            item -> {
              begun.countDown();
              try {
                while (true) {
                  self.get().stopIfOtherFailed();
                  Thread.onSpinWait();
                }
              } catch (CancellationException e) {
                stopped.add(item);
                throw e;
              }
            });
    self.set(threads);
    add(threads, 10);
    await(begun);
    threads.close();
    assertEquals(List.of(0), stopped);
  }
}
