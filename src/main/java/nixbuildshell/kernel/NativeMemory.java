package nixbuildshell.kernel;

import java.nio.ByteBuffer;
import java.util.Objects;
import nixbuildshell.abi.Syscall;

/** Maps memory for code, an image, or a structure of a system call. It is zero at first. */
public final class NativeMemory implements AutoCloseable {
  private static final int PROT_READ = 1;
  private static final int PROT_WRITE = 2;
  private static final int PROT_EXEC = 4;
  private static final int MAP_SHARED = 1;
  private static final int MAP_PRIVATE = 2;
  private static final int MAP_ANONYMOUS = 0x20;

  /** Takes all pages in one call. Else the first touch of each enters the kernel. */
  private static final int MAP_POPULATE = 0x8000;

  private final SystemCalls calls;
  private final long address;
  private final int size;

  private NativeMemory(SystemCalls calls, int size, int sharing) {
    this.calls = calls;
    this.size = size;
    this.address =
        calls.must(
            "cannot map " + size + " bytes of memory",
            Syscall.MMAP,
            0,
            size,
            PROT_READ | PROT_WRITE,
            sharing | MAP_ANONYMOUS,
            -1,
            0);
  }

  /** Maps memory of which the child of a clone gets a copy. */
  public static NativeMemory ofSize(SystemCalls calls, int size) {
    return new NativeMemory(calls, size, MAP_PRIVATE);
  }

  /** Maps memory of that kind with these bytes in it. */
  public static NativeMemory holding(SystemCalls calls, byte[] bytes) {
    NativeMemory memory = ofSize(calls, Math.max(1, bytes.length));
    memory.write(0, bytes);
    return memory;
  }

  /** Maps memory that the child of a clone reads and writes, too. */
  public static NativeMemory sharedWithChildren(SystemCalls calls, int size) {
    return new NativeMemory(calls, size, MAP_SHARED | MAP_POPULATE);
  }

  public long address() {
    return address;
  }

  public void write(int offset, byte[] bytes) {
    check(offset, bytes.length);
    calls.kernel().write(address + offset, bytes);
  }

  public byte[] read(int offset, int length) {
    check(offset, length);
    return calls.kernel().read(address + offset, length);
  }

  /** Returns a part of the memory, which must not be used after {@link #close}. */
  public ByteBuffer view(int offset, int length) {
    check(offset, length);
    return calls.kernel().memory(address + offset, length);
  }

  private void check(int offset, int length) {
    Objects.checkFromIndexSize(offset, length, size);
  }

  /** Makes the memory executable, and no longer writable. */
  void makeExecutable() {
    calls.must(
        "cannot make memory executable", Syscall.MPROTECT, address, size, PROT_READ | PROT_EXEC);
  }

  @Override
  public void close() {
    calls.must("cannot unmap memory", Syscall.MUNMAP, address, size);
  }
}
