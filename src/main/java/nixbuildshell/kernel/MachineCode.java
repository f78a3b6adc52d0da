package nixbuildshell.kernel;

import java.util.HexFormat;

/**
 * Reads machine code and puts it into memory. Its source is {@code src/main/asm/ROOM/ARCH.S};
 * {@code src/build/assemble} makes each room's {@code Code} of it.
 */
public final class MachineCode {
  private MachineCode() {}

  /** Reads bytes in hexadecimal. */
  public static byte[] parse(String digits) {
    return HexFormat.of().parseHex(digits);
  }

  /**
   * Puts code into memory that is executable, and no longer writable. Arm's instruction cache does
   * not see what is written as data, but the kernel makes it coherent when it first maps a page as
   * executable.
   */
  public static NativeMemory load(SystemCalls calls, byte[] code) {
    NativeMemory memory = NativeMemory.holding(calls, code);
    memory.makeExecutable();
    return memory;
  }
}
