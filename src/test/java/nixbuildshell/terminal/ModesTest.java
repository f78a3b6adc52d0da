package nixbuildshell.terminal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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
  void linesCanBeTypedWhateverTheModesWere() {
    assertEquals(NEW, NEW.forLines());
    assertTrue(NEW.raw().forLines().isCanonical());
    assertTrue(NEW.raw().forLines().echoes());
  }
}
