package nixbuildshell.kernel;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import nixbuildshell.Failure;

/**
 * {@link Kernel} by the Foreign Function &amp; Memory API, final since Java 22.
 *
 * <p>Linking is the dearest part of start-up, so there is one handle: seven integers to an address
 * that is given at the call. It serves C functions and machine code alike, since a function ignores
 * the argument registers that it has no parameters for. It saves no errno, which would make linking
 * a seventh dearer: {@link CallCode} returns {@code -errno}.
 */
@SuppressWarnings("restricted")
final class FfmKernel implements Kernel {
  private static final int PROT_READ_WRITE = 3;
  private static final int PROT_READ_EXEC = 5;
  private static final int MAP_PRIVATE_ANONYMOUS = 0x22;

  private static final MethodHandle CALL =
      Linker.nativeLinker()
          .downcallHandle(
              FunctionDescriptor.of(
                  JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
                  JAVA_LONG));
  private static final MemorySegment SYSCALL = load(CallCode.of(SystemCalls.machine()));

  /**
   * Puts the code into memory that is executable, and no longer writable, by the C library's
   * functions: there are no system calls without the code.
   */
  private static MemorySegment load(byte[] code) {
    long length = code.length;
    long address =
        invoke(function("mmap"), 0, length, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0, 0);
    if (address == -1) {
      throw new Failure("cannot map memory for machine code", "mmap failed", "");
    }
    MemorySegment memory = MemorySegment.ofAddress(address).reinterpret(length);
    memory.asByteBuffer().put(code);
    // An int that is returned leaves the upper half of the register undefined.
    if ((int) invoke(function("mprotect"), address, length, PROT_READ_EXEC, 0, 0, 0, 0) != 0) {
      throw new Failure("cannot make machine code executable", "mprotect failed", "");
    }
    return MemorySegment.ofAddress(address);
  }

  private static MemorySegment function(String name) {
    return Linker.nativeLinker().defaultLookup().find(name).orElseThrow();
  }

  @Override
  public long syscall(long number, long... a) {
    return invoke(SYSCALL, number, at(a, 0), at(a, 1), at(a, 2), at(a, 3), at(a, 4), at(a, 5));
  }

  @Override
  public long call(long address, long... a) {
    MemorySegment code = MemorySegment.ofAddress(address);
    return invoke(code, at(a, 0), at(a, 1), at(a, 2), at(a, 3), at(a, 4), at(a, 5), 0);
  }

  private static long at(long[] arguments, int index) {
    return index < arguments.length ? arguments[index] : 0;
  }

  private static long invoke(
      MemorySegment code, long a, long b, long c, long d, long e, long f, long g) {
    try {
      return (long) CALL.invokeExact(code, a, b, c, d, e, f, g);
    } catch (Throwable t) {
      throw new AssertionError("a native call cannot throw", t);
    }
  }

  @Override
  public ByteBuffer memory(long address, int length) {
    return MemorySegment.ofAddress(address).reinterpret(length).asByteBuffer();
  }
}
