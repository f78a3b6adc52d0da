package nixbuildshell.kernel;

import com.sun.jna.Function;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Binds {@link Kernel} by JNA, for Java 17 to 21: their Foreign Function &amp; Memory API is not
 * final.
 */
final class JnaKernel implements Kernel {
  private final Function syscall = NativeLibrary.getInstance("c").getFunction("syscall");

  @Override
  public long syscall(long number, long... arguments) {
    Object[] boxed = new Object[7];
    Arrays.setAll(boxed, i -> i == 0 ? number : at(arguments, i - 1));
    long result = syscall.invokeLong(boxed);
    return result == -1 ? -Native.getLastError() : result;
  }

  @Override
  public long call(long address, long... arguments) {
    Object[] boxed = new Object[6];
    Arrays.setAll(boxed, i -> at(arguments, i));
    return Function.getFunction(new Pointer(address)).invokeLong(boxed);
  }

  private static long at(long[] arguments, int index) {
    return index < arguments.length ? arguments[index] : 0;
  }

  @Override
  public ByteBuffer memory(long address, int length) {
    return new Pointer(address).getByteBuffer(0, length);
  }
}
