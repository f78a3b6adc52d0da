package nixbuildshell.launch;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.stream.IntStream;
import nixbuildshell.abi.Syscall;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.plan.Image;

/** Reads and breaks the records of an image. */
final class Records {
  private static final int NUMBER = 0;
  private static final int RESULT = 14;

  /** The number of a system call that does not exist. */
  private static final long NONE = 100_000;

  private Records() {}

  /** Makes a step fail with ENOSYS. */
  static void breakStep(SharedImage image, int step) {
    byte[] number = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(NONE).array();
    image.memory().write(Image.record(step) + NUMBER * 8, number);
  }

  static List<Long> results(byte[] image, int steps) {
    ByteBuffer words = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    return IntStream.range(0, steps)
        .mapToObj(step -> words.getLong(Image.record(step) + RESULT * 8))
        .toList();
  }

  /** Returns the results of a child that has ended, without reaping it. */
  static List<Long> results(SystemCalls calls, Child child, SharedImage image, int steps) {
    calls.must("cannot wait", Syscall.WAITID, 1, child.pid(), 0, Child.WEXITED | Child.WNOWAIT);
    return results(image.memory().read(0, Image.record(steps)), steps);
  }
}
