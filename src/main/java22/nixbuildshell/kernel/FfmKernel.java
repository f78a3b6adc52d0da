package nixbuildshell.kernel;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * {@link Kernel} by the Foreign Function &amp; Memory API, final since Java 22.
 *
 * <p>Linking is the dearest part of start-up, so there is one handle: seven integers to an address
 * that is given at the call. It serves {@code syscall(2)} and machine code alike, since a function
 * ignores the argument registers that it has no parameters for. (On both architectures a variadic
 * function takes its integers where an ordinary one does.)
 */
@SuppressWarnings("restricted")
final class FfmKernel implements Kernel {
  private static final MethodHandle CALL =
      Linker.nativeLinker()
          .downcallHandle(
              FunctionDescriptor.of(
                  JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
                  JAVA_LONG),
              Linker.Option.captureCallState("errno"));
  private static final MemorySegment SYSCALL =
      Linker.nativeLinker().defaultLookup().find("syscall").orElseThrow();

  /** Each thread has its own. */
  private static final ThreadLocal<Errno> ERRNO = ThreadLocal.withInitial(Errno::make);

  /**
   * Holds where a call leaves errno. Memory is read through buffers here: a segment's own methods
   * link more handles at their first use.
   *
   * @param state of which errno is the one field
   */
  private record Errno(MemorySegment state, ByteBuffer value) {
    static Errno make() {
      MemorySegment state = Arena.ofAuto().allocate(Linker.Option.captureStateLayout());
      return new Errno(state, state.asByteBuffer().order(ByteOrder.nativeOrder()));
    }
  }

  @Override
  public long syscall(long number, long... a) {
    Errno errno = ERRNO.get();
    long result =
        invoke(
            SYSCALL,
            errno.state,
            number,
            at(a, 0),
            at(a, 1),
            at(a, 2),
            at(a, 3),
            at(a, 4),
            at(a, 5));
    return result == -1 ? -errno.value.getInt(0) : result;
  }

  @Override
  public long call(long address, long... a) {
    MemorySegment code = MemorySegment.ofAddress(address);
    return invoke(
        code, ERRNO.get().state, at(a, 0), at(a, 1), at(a, 2), at(a, 3), at(a, 4), at(a, 5), 0);
  }

  private static long at(long[] arguments, int index) {
    return index < arguments.length ? arguments[index] : 0;
  }

  private static long invoke(
      MemorySegment code,
      MemorySegment errno,
      long a,
      long b,
      long c,
      long d,
      long e,
      long f,
      long g) {
    try {
      return (long) CALL.invokeExact(code, errno, a, b, c, d, e, f, g);
    } catch (Throwable t) {
      throw new AssertionError("a native call cannot throw", t);
    }
  }

  @Override
  public ByteBuffer memory(long address, int length) {
    return MemorySegment.ofAddress(address).reinterpret(length).asByteBuffer();
  }
}
