package nixbuildshell.launch;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Locale;
import nixbuildshell.abi.Abi;
import nixbuildshell.kernel.Kernel;
import nixbuildshell.kernel.NativeMemory;
import nixbuildshell.kernel.SystemCalls;

/**
 * Holds the machine code that clones a child and runs a plan in it. Its source is {@code
 * src/main/asm}; {@code src/build/assemble} makes the resource of it.
 */
final class Interpreter implements AutoCloseable {
  private final Kernel kernel;
  private final NativeMemory code;

  private Interpreter(Kernel kernel, NativeMemory code) {
    this.kernel = kernel;
    this.code = code;
  }

  /** Returns the code for an architecture. */
  static byte[] code(Abi abi) {
    String resource = abi.name().toLowerCase(Locale.ROOT) + ".hex";
    try (InputStream in = Interpreter.class.getResourceAsStream(resource)) {
      return parse(new String(in.readAllBytes(), StandardCharsets.US_ASCII));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads bytes in hexadecimal; a remark follows a {@code #}. */
  static byte[] parse(String listing) {
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
   * Puts the code into memory. Arm's instruction cache does not see what is written as data, but
   * the kernel makes it coherent when it first maps a page as executable.
   */
  static Interpreter load(SystemCalls calls) {
    NativeMemory code = NativeMemory.holding(calls, code(calls.abi()));
    code.makeExecutable();
    return new Interpreter(calls.kernel(), code);
  }

  /**
   * Clones a child that runs the plan whose image is at an address.
   *
   * @return the child's process ID or {@code -errno}
   */
  long run(long image) {
    return kernel.call(code.address(), image);
  }

  /** Removes the code from this process; a child that runs it has a copy. */
  @Override
  public void close() {
    code.close();
  }
}
