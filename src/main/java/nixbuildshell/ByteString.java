package nixbuildshell;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Holds bytes as the kernel and the shell see them: a path, an argument, an environment value.
 *
 * <p>Linux names are bytes. The JVM's own decoding loses those that the locale cannot spell: under
 * {@code LANG=C}, all beyond ASCII. So such text is never a plain {@code String} here. Each char of
 * {@link #latin1} holds one byte, so that equality, search and concatenation are String's.
 *
 * @param latin1 one char for each byte, U+0000 to U+00FF
 */
public record ByteString(String latin1) implements Comparable<ByteString> {
  public static final ByteString EMPTY = new ByteString("");

  private static final Pattern SPACE = Pattern.compile("[ \\t\\n\\r]+");
  private static final Pattern UNPRINTABLE = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\\\]");

  /** Returns the bytes of ordinary text in UTF-8. */
  public static ByteString of(String text) {
    return of(text.getBytes(StandardCharsets.UTF_8));
  }

  public static ByteString of(byte[] bytes) {
    return new ByteString(new String(bytes, StandardCharsets.ISO_8859_1));
  }

  public byte[] bytes() {
    return latin1.getBytes(StandardCharsets.ISO_8859_1);
  }

  /** Returns the bytes and a NUL after them, as system calls take a string. */
  public byte[] terminated() {
    return (latin1 + '\0').getBytes(StandardCharsets.ISO_8859_1);
  }

  public int length() {
    return latin1.length();
  }

  public boolean isEmpty() {
    return latin1.isEmpty();
  }

  public ByteString plus(ByteString other) {
    return new ByteString(latin1 + other.latin1);
  }

  public ByteString plus(String text) {
    return plus(of(text));
  }

  public boolean startsWith(String ascii) {
    return latin1.startsWith(ascii);
  }

  /** Returns the words of a list, as Nix splits it: at spaces, tabs and ends of lines. */
  public List<ByteString> words() {
    return SPACE
        .splitAsStream(latin1)
        .filter(word -> !word.isEmpty())
        .map(ByteString::new)
        .toList();
  }

  /** The record's own would be linked at its first use: some ms of the start. */
  @Override
  public boolean equals(Object other) {
    return other instanceof ByteString string && latin1.equals(string.latin1);
  }

  @Override
  public int hashCode() {
    return latin1.hashCode();
  }

  @Override
  public int compareTo(ByteString other) {
    return latin1.compareTo(other.latin1);
  }

  /**
   * Returns the text for a message: decoded where it is UTF-8, with everything escaped that could
   * steer a terminal.
   */
  @Override
  public String toString() {
    boolean plain = true;
    boolean ascii = true;
    for (int i = 0; i < latin1.length(); i++) {
      char c = latin1.charAt(i);
      plain &= isPlain(c);
      ascii &= c < 0x80;
    }
    // Nearly all text is plain, and a decoder and a pattern are slow.
    return plain ? latin1 : ascii ? escaped() : decoded();
  }

  private static boolean isPlain(char c) {
    return c >= ' ' && c <= '~' && c != '\\';
  }

  private String escaped() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < latin1.length(); i++) {
      char c = latin1.charAt(i);
      text.append(isPlain(c) ? String.valueOf(c) : escape(c));
    }
    return text.toString();
  }

  private String decoded() {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes())).toString();
      return UNPRINTABLE
          .matcher(text)
          .replaceAll(m -> Matcher.quoteReplacement(escape(m.group().codePointAt(0))));
    } catch (CharacterCodingException e) {
      return escaped();
    }
  }

  /** Returns the text for a message, cut after so many bytes: an attacker's may have megabytes. */
  public String abridged(int length) {
    return latin1.length() <= length
        ? toString()
        : new ByteString(latin1.substring(0, length)) + "...";
  }

  private static String escape(int c) {
    return switch (c) {
      case '\\' -> "\\\\";
      case '\n' -> "\\n";
      case '\t' -> "\\t";
      default -> String.format(c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
    };
  }
}
