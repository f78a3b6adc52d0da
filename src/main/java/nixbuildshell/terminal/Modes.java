package nixbuildshell.terminal;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import nixbuildshell.ByteString;
import nixbuildshell.kernel.Signals;

/**
 * Holds a terminal's modes: the kernel's {@code struct termios} (termios(3)), whose flags and size
 * are the same on both architectures ({@code include/uapi/asm-generic/termbits.h}).
 */
record Modes(ByteString termios) {
  /** Bytes of the structure: four words of flags, the discipline, 19 characters. */
  static final int BYTES = 36;

  private static final int INPUT = 0;
  private static final int OUTPUT = 4;
  private static final int CONTROL = 8;
  private static final int LOCAL = 12;
  private static final int CHARACTERS = 17;

  private static final int IGNBRK_BRKINT_PARMRK_ISTRIP_INLCR_IGNCR =
      0x1 | 2 | 8 | 0x20 | 0x40 | 0x80;
  private static final int ICRNL_IXON = 0x100 | 0x400;
  private static final int OPOST = 1;
  private static final int ONLCR = 4;
  private static final int CSIZE_PARENB = 0x30 | 0x100;
  private static final int CS8 = 0x30;
  private static final int ISIG = 1;
  private static final int ICANON = 2;
  private static final int ECHO = 8;
  private static final int ECHONL = 0x40;
  private static final int IEXTEN = 0x8000;
  private static final int ECHOCTL = 0x200;
  private static final int ECHOE_ECHOK_ECHOCTL_ECHOKE = 0x10 | 0x20 | ECHOCTL | 0x800;

  private static final int VINTR = 0;
  private static final int VQUIT = 1;
  private static final int VEOF = 4;
  private static final int VTIME = 5;
  private static final int VMIN = 6;
  private static final int VSUSP = 10;

  /** Returns the modes in which all is passed on unchanged: {@code cfmakeraw(3)}. */
  Modes raw() {
    return forKeys().withoutOutput();
  }

  /** Returns these modes without processing of output: another terminal does that. */
  Modes withoutOutput() {
    ByteBuffer bytes = bytes();
    change(bytes, OUTPUT, OPOST, 0);
    return of(bytes);
  }

  /** Returns the modes in which keys are passed on unchanged, and output is processed as before. */
  Modes forKeys() {
    ByteBuffer bytes = bytes();
    change(bytes, INPUT, IGNBRK_BRKINT_PARMRK_ISTRIP_INLCR_IGNCR | ICRNL_IXON, 0);
    change(bytes, CONTROL, CSIZE_PARENB, CS8);
    change(bytes, LOCAL, ECHO | ECHONL | ICANON | ISIG | IEXTEN, 0);
    bytes.put(CHARACTERS + VMIN, (byte) 1).put(CHARACTERS + VTIME, (byte) 0);
    return of(bytes);
  }

  /** Returns the modes of a terminal at which lines are typed, whatever program has it now. */
  Modes forLines() {
    ByteBuffer bytes = bytes();
    change(bytes, INPUT, IGNBRK_BRKINT_PARMRK_ISTRIP_INLCR_IGNCR, ICRNL_IXON);
    change(bytes, OUTPUT, 0, OPOST);
    change(bytes, LOCAL, ECHONL, ISIG | ICANON | ECHO | IEXTEN | ECHOE_ECHOK_ECHOCTL_ECHOKE);
    return of(bytes);
  }

  /** Decides whether the terminal hands out whole lines. */
  boolean isCanonical() {
    return (bytes().getInt(LOCAL) & ICANON) != 0;
  }

  /** Decides whether the terminal shows what is typed. */
  boolean echoes() {
    return (bytes().getInt(LOCAL) & ECHO) != 0;
  }

  /** Returns what the terminal shows of a line that is typed. */
  byte[] echoOf(byte[] line) {
    ByteArrayOutputStream shown = new ByteArrayOutputStream();
    if (!echoes()) {
      return shown.toByteArray();
    }
    boolean returns = (bytes().getInt(OUTPUT) & (OPOST | ONLCR)) == (OPOST | ONLCR);
    boolean carets = (bytes().getInt(LOCAL) & ECHOCTL) != 0;
    for (byte each : line) {
      if (each == '\n' && returns) {
        shown.write('\r');
      }
      boolean control = (each >= 0 && each < ' ' || each == 0x7f) && each != '\n' && each != '\t';
      if (control && carets) {
        shown.write('^');
      }
      shown.write(control && carets ? each ^ 0x40 : each);
    }
    return shown.toByteArray();
  }

  /** Returns the signal that a typed character makes; 0 when it makes none. */
  int signalOf(byte typed) {
    ByteBuffer bytes = bytes();
    if (typed == 0 || (bytes.getInt(LOCAL) & ISIG) == 0) {
      return 0;
    } else if (typed == bytes.get(CHARACTERS + VINTR)) {
      return Signals.SIGINT;
    } else if (typed == bytes.get(CHARACTERS + VQUIT)) {
      return Signals.SIGQUIT;
    }
    return typed == bytes.get(CHARACTERS + VSUSP) ? Signals.SIGTSTP : 0;
  }

  /** Returns the character that ends the input. */
  byte endOfFile() {
    return bytes().get(CHARACTERS + VEOF);
  }

  private ByteBuffer bytes() {
    return ByteBuffer.wrap(termios.bytes()).order(ByteOrder.nativeOrder());
  }

  private static void change(ByteBuffer bytes, int word, int off, int on) {
    bytes.putInt(word, bytes.getInt(word) & ~off | on);
  }

  private static Modes of(ByteBuffer bytes) {
    return new Modes(ByteString.of(bytes.array()));
  }
}
