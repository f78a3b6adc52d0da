package nixbuildshell.kernel;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Locale;
import nixbuildshell.abi.Abi;

/**
 * Reads machine code and puts it into memory. Its source is {@code src/main/asm/ROOM/ARCH.S};
 * {@code src/build/assemble} makes the resource of it.
 */
public final class MachineCode {
  private MachineCode() {}

  /** Makes the class loader open the jar, while another thread links the kernel's handle. */
  public static void prepare() {
    MachineCode.class.getResource("none");
  }

  /**
   * Returns the code for an architecture.
   *
   * @param room a class of the room that the code belongs to
   */
  public static byte[] of(Class<?> room, Abi abi) {
    String resource = abi.name().toLowerCase(Locale.ROOT) + ".hex";
    try (InputStream in = room.getResourceAsStream(resource)) {
      return parse(new String(in.readAllBytes(), StandardCharsets.US_ASCII));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads bytes in hexadecimal; a remark follows a {@code #}. */
  public static byte[] parse(String listing) {
    StringBuilder digits = new StringBuilder();
    boolean remark = false;
    for (char c : listing.toCharArray()) {
      remark = c == '#' || remark && c != '\n';
      if (!remark && !Character.isWhitespace(c)) {
        digits.append(c);
      }
    }
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
