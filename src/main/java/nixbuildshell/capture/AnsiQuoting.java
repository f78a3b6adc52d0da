package nixbuildshell.capture;

/** Bash's {@code $'…'}: bash(1), QUOTING, and {@code ansicstr} in its strtrans.c. */
final class AnsiQuoting {
  private static final String LETTERS = "abeEfnrtv\\'\"?";
  private static final String MEANINGS = "\u0007\b\u001b\u001b\f\n\r\t\u000b\\'\"?";

  private final String text;
  private final StringBuilder value;
  private int at;

  /** An escape made a NUL: bash keeps nothing of what follows it in these quotes. */
  private boolean cut;

  private AnsiQuoting(String text, int at, StringBuilder value) {
    this.text = text;
    this.at = at;
    this.value = value;
  }

  /**
   * Decodes from behind the opening quote.
   *
   * @return the index behind the closing quote; -1 when there is none, or at a raw NUL or an escape
   *     that bash does not document
   */
  static int decode(String text, int from, StringBuilder value) {
    return new AnsiQuoting(text, from, value).decode();
  }

  private int decode() {
    while (at < text.length()) {
      char c = text.charAt(at++);
      if (c == '\'') {
        return at;
      }
      if (c == '\0') {
        return -1;
      }
      if (c != '\\') {
        put(c);
      } else if (at == text.length() || !escape(text.charAt(at++))) {
        return -1;
      }
    }
    return -1;
  }

  private boolean escape(char letter) {
    int known = LETTERS.indexOf(letter);
    if (known >= 0) {
      put(MEANINGS.charAt(known));
      return true;
    }
    switch (letter) {
      case '0', '1', '2', '3', '4', '5', '6', '7' -> {
        at--;
        put((char) (number(8, 3) & 0xff));
      }
      case 'x' -> {
        if (text.startsWith("{", at)) {
          return false;
        }
        coded(letter, 2);
      }
      case 'u' -> coded(letter, 4);
      case 'U' -> coded(letter, 8);
      case 'c' -> {
        return control();
      }
      default -> {
        put('\\');
        put(letter);
      }
    }
    return true;
  }

  /** Without a digit the escape stands for itself. */
  private void coded(char letter, int digits) {
    int start = at;
    long code = number(16, digits);
    if (at == start) {
      put('\\');
      put(letter);
    } else if (letter == 'x' || code < 0x80) {
      put((char) code);
    } else {
      utf8(code);
    }
  }

  /** As bash writes them: the surrogates too, and numbers that are no characters in six bytes. */
  private void utf8(long code) {
    if (code > 0x7fffffffL) {
      return;
    }
    int length =
        code < 0x800 ? 2 : code < 0x10000 ? 3 : code < 0x200000 ? 4 : code < 0x4000000 ? 5 : 6;
    put((char) (0xff00 >> length & 0xff | code >> 6 * (length - 1)));
    for (int n = length - 2; n >= 0; n--) {
      put((char) (0x80 | code >> 6 * n & 0x3f));
    }
  }

  private boolean control() {
    if (at == text.length()) {
      return false;
    }
    char c = text.charAt(at++);
    if (c == '\\' && text.startsWith("\\", at)) {
      at++;
    } else if (c == '\\' || c == '\'') {
      // Bash finds the closing quote before it looks at escapes, and takes these two apart.
      return false;
    }
    put(c == '?' ? (char) 0x7f : (char) (Character.toUpperCase(c) & 0x1f));
    return true;
  }

  private long number(int radix, int digits) {
    long number = 0;
    int end = Math.min(text.length(), at + digits);
    while (at < end && text.charAt(at) < 0x80 && Character.digit(text.charAt(at), radix) >= 0) {
      number = number * radix + Character.digit(text.charAt(at++), radix);
    }
    return number;
  }

  private void put(char c) {
    cut |= c == '\0';
    if (!cut) {
      value.append(c);
    }
  }
}
