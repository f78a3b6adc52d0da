package nixbuildshell.files;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import nixbuildshell.ByteString;

/**
 * Holds names in a directory, with their types, as one text that can be stored. There can be
 * thousands, and Java takes longer to make an object for each than the kernel to look at each.
 *
 * <p>The text has the number of entries in 8 bytes, a byte for the type of each, a byte for the
 * length of each name, and the names, each with a NUL behind it.
 */
public final class EntryList {
  /** Lists the types that can be listed. */
  public static final List<FileType> TYPES =
      List.of(FileType.DIRECTORY, FileType.REGULAR, FileType.LINK);

  /** The most bytes that a name has (NAME_MAX of Linux). */
  public static final int LONGEST = 255;

  private static final int LINK = TYPES.indexOf(FileType.LINK);
  private static final long ONES = 0x0101010101010101L;
  private static final long HIGHEST = ONES << 7;
  private static final long SLASHES = '/' * ONES;

  /** What makes a byte reach its highest bit, unless it is a control character. */
  private static final long NO_CONTROLS = (0x80 - ' ') * ONES;

  private final byte[] text;
  private final int[] starts;

  private EntryList(byte[] text, int[] starts) {
    this.text = text;
    this.starts = starts;
  }

  /**
   * Makes a list.
   *
   * @throws IllegalArgumentException when a type is none that can be listed, or a name is too long
   *     for a file, or is no name, or has a slash or a control character
   */
  public static EntryList of(List<Listing.Entry> entries) {
    int count = entries.size();
    int size = Long.BYTES + 2 * count;
    for (Listing.Entry entry : entries) {
      size += entry.name().length() + 1;
    }
    byte[] text = new byte[size];
    words(text).putLong(0, count);
    int at = Long.BYTES + 2 * count;
    for (int i = 0; i < count; i++) {
      byte[] name = entries.get(i).name().bytes();
      text[Long.BYTES + i] = (byte) TYPES.indexOf(entries.get(i).type());
      text[Long.BYTES + count + i] = (byte) name.length;
      System.arraycopy(name, 0, text, at, Math.min(name.length, LONGEST));
      at += name.length + 1;
    }
    return parse(text).orElseThrow(() -> new IllegalArgumentException(entries.toString()));
  }

  private static ByteBuffer words(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Returns the list with a text, which is not copied; empty when the text has another form. */
  public static Optional<EntryList> parse(byte[] text) {
    long count = text.length < Long.BYTES ? -1 : words(text).getLong(0);
    if (count < 0 || count > (text.length - Long.BYTES) / 3) {
      return Optional.empty();
    }
    int[] starts = new int[(int) count + 1];
    int lengths = Long.BYTES + (int) count;
    starts[0] = lengths + (int) count;
    for (int i = 0; i < count; i++) {
      int end = starts[i] + (text[lengths + i] & 0xff);
      int type = text[Long.BYTES + i];
      if (end == starts[i]
          || end >= text.length
          || text[end] != 0
          || type < 0
          || type >= TYPES.size()
          || isDots(text, starts[i], end)) {
        return Optional.empty();
      }
      starts[i + 1] = end + 1;
    }
    return starts[(int) count] == text.length && controls(text, starts[0]) == count
        ? Optional.of(new EntryList(text, starts))
        : Optional.empty();
  }

  private static boolean isDots(byte[] text, int from, int to) {
    return text[from] == '.' && (to == from + 1 || to == from + 2 && text[from + 1] == '.');
  }

  /**
   * Counts the control characters from an index to the end; a slash counts as many. It looks at 8
   * bytes at a time: until the JVM has compiled a loop, it takes as long for a byte.
   */
  private static long controls(byte[] text, int from) {
    long[] words = new long[(text.length - from) / Long.BYTES];
    ByteBuffer.wrap(text, from, text.length - from).asLongBuffer().get(words);
    long found = 0;
    for (long word : words) {
      long printed = ((word & ~HIGHEST) + NO_CONTROLS | word) & HIGHEST;
      long other = word ^ SLASHES;
      if ((other - ONES & ~other & HIGHEST) != 0) {
        return Long.MAX_VALUE;
      } else if (printed != HIGHEST) {
        found += Long.bitCount(printed ^ HIGHEST);
      }
    }
    for (int i = from + words.length * Long.BYTES; i < text.length; i++) {
      if (text[i] == '/') {
        return Long.MAX_VALUE;
      }
      found += text[i] >= 0 && text[i] < ' ' ? 1 : 0;
    }
    return found;
  }

  /** Returns the text; it is not copied. */
  public byte[] text() {
    return text;
  }

  public int size() {
    return starts.length - 1;
  }

  /** Returns the number of bytes in a name. */
  public int length(int index) {
    return starts[index + 1] - 1 - starts[index];
  }

  public ByteString name(int index) {
    return new ByteString(
        new String(text, starts[index], length(index), StandardCharsets.ISO_8859_1));
  }

  /** Returns a directory, a regular file or a link. */
  public FileType type(int index) {
    return TYPES.get(text[Long.BYTES + index]);
  }

  /** Returns all names. */
  public List<ByteString> names() {
    List<ByteString> names = new ArrayList<>(size());
    for (int i = 0; i < size(); i++) {
      names.add(name(i));
    }
    return names;
  }

  /** Returns all entries. */
  public List<Listing.Entry> entries() {
    List<Listing.Entry> entries = new ArrayList<>(size());
    for (int i = 0; i < size(); i++) {
      entries.add(new Listing.Entry(name(i), type(i)));
    }
    return entries;
  }

  /** Decides whether a name is in the list. */
  public boolean contains(ByteString name) {
    byte[] wanted = name.bytes();
    for (int i = 0; i < size(); i++) {
      int start = starts[i];
      // Nearly all differ in their first byte.
      if (text[start] == wanted[0]
          && Arrays.equals(text, start, starts[i + 1] - 1, wanted, 0, wanted.length)) {
        return true;
      }
    }
    return false;
  }

  /** Returns the list without some names. */
  public EntryList without(Set<ByteString> names) {
    List<Listing.Entry> left = entries();
    return left.removeIf(entry -> names.contains(entry.name())) ? of(left) : this;
  }

  /** Returns the list without links. */
  public EntryList withoutLinks() {
    if (!hasLinks()) {
      return this;
    }
    List<Listing.Entry> left = entries();
    left.removeIf(entry -> entry.type() == FileType.LINK);
    return of(left);
  }

  public boolean hasLinks() {
    for (int i = 0; i < size(); i++) {
      if (text[Long.BYTES + i] == LINK) {
        return true;
      }
    }
    return false;
  }

  /** Returns the number of bytes that {@link #copyNames} copies. */
  public int bytesOfNames() {
    return text.length - starts[0];
  }

  /** Copies all names, each with its NUL. */
  public void copyNames(byte[] to, int at) {
    System.arraycopy(text, starts[0], to, at, bytesOfNames());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof EntryList list && Arrays.equals(text, list.text);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(text);
  }

  @Override
  public String toString() {
    return entries().toString();
  }
}
