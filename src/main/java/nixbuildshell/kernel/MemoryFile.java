package nixbuildshell.kernel;

import nixbuildshell.ByteString;
import nixbuildshell.abi.Syscall;

/**
 * Makes files in memory, memfd_create(2), which have a name for {@code /proc} only. They are closed
 * at an execve.
 *
 * @param number the descriptor
 */
public record MemoryFile(SystemCalls calls, int number) implements AutoCloseable {
  private static final int MFD_CLOEXEC = 1;

  /**
   * Makes a file.
   *
   * @param name at most 249 bytes
   */
  public static MemoryFile of(SystemCalls calls, String name, byte[] content) {
    try (NativeMemory text = NativeMemory.holding(calls, ByteString.of(name).terminated())) {
      String what = "cannot make a file in memory";
      MemoryFile file =
          new MemoryFile(
              calls, (int) calls.must(what, Syscall.MEMFD_CREATE, text.address(), MFD_CLOEXEC));
      try {
        file.append(content);
        return file;
      } catch (RuntimeException | Error e) {
        file.close();
        throw e;
      }
    }
  }

  /** Appends bytes. */
  public void append(byte[] content) {
    try (NativeMemory bytes = NativeMemory.holding(calls, content)) {
      for (int at = 0; at < content.length; ) {
        at +=
            (int)
                calls.must(
                    "cannot write to a file in memory",
                    Syscall.WRITE,
                    number,
                    bytes.address() + at,
                    content.length - at);
      }
    }
  }

  @Override
  public void close() {
    calls.call(Syscall.CLOSE, number);
  }
}
