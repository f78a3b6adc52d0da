package nixbuildshell.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import nixbuildshell.Failure;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TwoThreadsTest {
  private static List<Integer> numbers(int count) {
    return IntStream.range(0, count).boxed().toList();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void eachItemOfEachListComesOnce() {
    Set<Integer> done = ConcurrentHashMap.newKeySet();
    try (TwoThreads<Integer> threads = new TwoThreads<>(item -> assertTrue(done.add(item)))) {
      for (int count = 0; count < 300; count++) {
        threads.each(numbers(count));
        assertEquals(count, done.size(), "it went on before all was done");
        done.clear();
      }
    }
  }

  /** Each thread waits for the other one at its first item. */
  @Test
  void bothThreadsWork() {
    CountDownLatch both = new CountDownLatch(2);
    AtomicReference<Thread> second = new AtomicReference<>();
    TwoThreads<Integer> threads =
        new TwoThreads<>(
            item -> {
              if (Thread.currentThread().getName().equals("copying")) {
                second.set(Thread.currentThread());
              }
              both.countDown();
              await(both);
            });
    threads.each(numbers(10));
    assertTrue(second.get().isAlive());
    threads.close();
    assertFalse(second.get().isAlive());
  }

  /** The error waits until the other thread is at work, too, whichever of them it is. */
  @Test
  void theFirstErrorStopsBothAndIsTold() {
    CountDownLatch both = new CountDownLatch(2);
    CountDownLatch failed = new CountDownLatch(1);
    Failure first = new Failure("cannot copy 3", "ENOSPC", "");
    Set<Integer> begun = ConcurrentHashMap.newKeySet();
    AtomicReference<TwoThreads<Integer>> self = new AtomicReference<>();
    try (TwoThreads<Integer> threads =
        new TwoThreads<>(
            item -> {
              begun.add(item);
              both.countDown();
              await(both);
              if (item == 0) {
                failed.countDown();
                throw first;
              }
              await(failed);
              while (!self.get().failed()) {
                Thread.onSpinWait();
              }
              throw new IllegalStateException("the second error");
            })) {
      self.set(threads);
      List<Integer> many = numbers(100);
      assertSame(first, assertThrows(Failure.class, () -> threads.each(many)));
      assertEquals(Set.of(0, 99), begun);
    }
  }
}
