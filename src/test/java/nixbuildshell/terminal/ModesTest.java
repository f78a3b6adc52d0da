package nixbuildshell.terminal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import nixbuildshell.ByteString;
import nixbuildshell.kernel.Signals;
import org.junit.jupiter.api.Test;

class ModesTest {
  /** Has the kernel's modes of a new pseudoterminal (tty_std_termios). */
  private static final Modes NEW = modes(0x500, 0x5, 0xbf, 0x8a3b);

  private static Modes modes(int input, int output, int control, int local) {
    ByteBuffer bytes = ByteBuffer.allocate(Modes.BYTES).order(ByteOrder.nativeOrder());
    bytes.putInt(input).putInt(output).putInt(control).putInt(local).put((byte) 0);
    bytes.put(new byte[] {3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26});
    return new Modes(ByteString.of(bytes.array()));
  }

  @Test
  void theKeysOfSignalsAreKnown() {
    assertEquals(Signals.SIGINT, NEW.signalOf((byte) 3));
    assertEquals(Signals.SIGQUIT, NEW.signalOf((byte) 28));
    assertEquals(Signals.SIGTSTP, NEW.signalOf((byte) 26));
    assertEquals(0, NEW.signalOf((byte) 'c'));
    assertEquals(0, NEW.signalOf((byte) 0));
    assertEquals(0, NEW.raw().signalOf((byte) 3));
    assertEquals(4, NEW.endOfFile());
  }

  @Test
  void rawIsWhatCfmakerawMakes() {
    assertEquals(modes(0, 0x4, 0xbf, 0x8a3b & ~0x804b), NEW.raw());
    assertEquals(NEW.raw(), NEW.forKeys().withoutOutput());
    assertEquals(modes(0, 0x5, 0xbf, 0x8a3b & ~0x804b), NEW.forKeys());
    assertFalse(NEW.raw().isCanonical());
    assertFalse(NEW.raw().echoes());
  }

  @Test
  void theEchoOfALineIsKnown() {
    byte[] line = "a\u00e9\t\u0001\u007f\n".getBytes(StandardCharsets.UTF_8);
    assertEquals("a\u00e9\t^A^?\r\n", new String(NEW.echoOf(line), StandardCharsets.UTF_8));
    assertEquals(
        "a\u00e9\t^A^?\n", new String(NEW.withoutOutput().echoOf(line), StandardCharsets.UTF_8));
    assertEquals(0, NEW.raw().echoOf(line).length);
    Modes withoutCarets = modes(0x500, 0x5, 0xbf, 0x8a3b & ~0x200);
    assertEquals("\u0001\r\n", new String(withoutCarets.echoOf(new byte[] {1, '\n'})));
  }

  @Test
  void linesCanBeTypedWhateverTheModesWere() {
    assertEquals(NEW, NEW.forLines());
    assertTrue(NEW.raw().forLines().isCanonical());
    assertTrue(NEW.raw().forLines().echoes());
  }
}
