package nixbuildshell.launch;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Syscall;
import nixbuildshell.kernel.NativeMemory;
import nixbuildshell.kernel.SystemCalls;

/**
 * Holds the mount namespace of a child beyond the child's end. To take down the mounts of a
 * thousand store paths takes the kernel some 3 ms, and it lets the last holder wait.
 */
public final class HeldMounts {
  private static final int AT_FDCWD = -100;
  private static final int O_CLOEXEC = 0x80000;
  private static final int AF_UNIX = 1;
  private static final int SOCK_STREAM = 1;
  private static final int SOL_SOCKET = 1;
  private static final int SCM_RIGHTS = 1;
  private static final int MSG_NOSIGNAL = 0x4000;

  private static final int BUFFERS = 56;
  private static final int CONTROL = 72;
  private static final int CONTROL_LENGTH = 24;
  private static final int BYTE = CONTROL + CONTROL_LENGTH;
  private static final int MESSAGE = BYTE + 8;

  private final SystemCalls calls;
  private Optional<Integer> namespace = Optional.empty();

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

  /**
   * Gives up what is held, and returns at once: a thread of the kernel takes it down, if need be
   * after the end of this process. Not for an overlay: two mounts at a time of its upper directory
   * are undefined (the kernel's filesystems/overlayfs.rst).
   *
   * <p>The descriptor is sent to a socket, together with that socket. So the socket holds itself,
   * and the kernel's collector of such circles (garbage.c of its net/unix) finds it when its other
   * end is closed. Where that is refused, this waits.
   */
  public void leave() {
    if (namespace.isEmpty()) {
      return; // Nearly every command: its store paths are few.
    }
    int held = namespace.get();
    namespace = Optional.empty();
    try (NativeMemory memory = NativeMemory.ofSize(calls, MESSAGE)) {
      long type = SOCK_STREAM | O_CLOEXEC;
      if (calls.call(Syscall.SOCKETPAIR, AF_UNIX, type, 0, memory.address()) < 0) {
        calls.call(Syscall.CLOSE, held);
        return;
      }
      ByteBuffer ends = ByteBuffer.wrap(memory.read(0, 8)).order(ByteOrder.nativeOrder());
      int end = ends.getInt();
      int circle = ends.getInt();
      memory.write(0, message(memory.address(), held, circle));
      calls.call(Syscall.SENDMSG, end, memory.address(), MSG_NOSIGNAL);
      calls.call(Syscall.CLOSE, held);
      calls.call(Syscall.CLOSE, circle);
      calls.call(Syscall.CLOSE, end);
    }
  }

  /** Returns a {@code struct msghdr} that passes two descriptors with one byte, and what it has. */
  private static byte[] message(long address, int one, int other) {
    ByteBuffer words = ByteBuffer.allocate(MESSAGE).order(ByteOrder.nativeOrder());
    words.putLong(0).putLong(0).putLong(address + BUFFERS).putLong(1);
    words.putLong(address + CONTROL).putLong(CONTROL_LENGTH).putLong(0);
    words.putLong(address + BYTE).putLong(1);
    words.putLong(CONTROL_LENGTH).putInt(SOL_SOCKET).putInt(SCM_RIGHTS).putInt(one).putInt(other);
    return words.array();
  }
}
