package nixbuildshell.kernel;

import java.nio.ByteBuffer;

/**
 * Gives all native access that the project has: a system call, a call to machine code, and memory
 * by address.
 *
 * <p>Two bindings implement it, {@code FfmKernel} (Java 22 and later) and {@code JnaKernel} (Java
 * 17 to 21); {@link Kernels} chooses. One contract test holds both to the same behaviour.
 */
public interface Kernel {

  /**
   * Makes a system call.
   *
   * @param number the architecture's number of the call
   * @param arguments at most six; missing ones are 0
   * @return what the call returned, or {@code -errno}
   */
  long syscall(long number, long... arguments);

  /**
   * Calls machine code at an address as a C function of integers.
   *
   * @param arguments at most six; missing ones are 0
   * @return what the function returned, untouched
   */
  long call(long address, long... arguments);

  /** Returns native memory as a buffer, which is made for often: it costs more than a copy. */
  ByteBuffer memory(long address, int length);

  /** Copies bytes to native memory. */
  default void write(long address, byte[] bytes) {
    memory(address, bytes.length).put(bytes);
  }

  /** Copies bytes from native memory. */
  default byte[] read(long address, int length) {
    byte[] bytes = new byte[length];
    memory(address, length).get(bytes);
    return bytes;
  }
}
