package nixbuildshell.launch;

import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Syscall;
import nixbuildshell.kernel.NativeMemory;
import nixbuildshell.kernel.SystemCalls;

/**
 * Holds the mount namespace of a child beyond the child's end. The kernel takes some 10 ms to take
 * down the mounts of a thousand store paths, and lets the last holder wait. Here that is a thread,
 * beside what the tool does when the sandbox has ended.
 */
public final class HeldMounts {
  private static final int AT_FDCWD = -100;
  private static final int O_CLOEXEC = 0x80000;

  private final SystemCalls calls;
  private Optional<Integer> namespace = Optional.empty();
  private Optional<Thread> release = Optional.empty();

  /** Holds nothing yet. */
  public HeldMounts(SystemCalls calls) {
    this.calls = calls;
  }

  /** Holds a child's mount namespace, if the child still has one. */
  public void hold(long pid) {
    byte[] path = ByteString.of("/proc/" + pid + "/ns/mnt").terminated();
    try (NativeMemory name = NativeMemory.holding(calls, path)) {
      long opened = calls.call(Syscall.OPENAT, AT_FDCWD, name.address(), O_CLOEXEC);
      namespace = Optional.of((int) opened).filter(descriptor -> descriptor >= 0);
    }
  }

  /** Gives up what is held, and returns at once. */
  public void release() {
    release =
        namespace.map(
            descriptor -> new Thread(() -> calls.call(Syscall.CLOSE, descriptor), "held mounts"));
    namespace = Optional.empty();
    release.ifPresent(thread -> thread.setDaemon(true));
    release.ifPresent(Thread::start);
  }

  /**
   * Waits until what was given up is taken down. Two mounts at a time of an overlay's upper
   * directory are refused, or undefined (the kernel's filesystems/overlayfs.rst).
   */
  public void await() {
    try {
      if (release.isPresent()) {
        release.get().join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
