package nixbuildshell;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Finds the next of three ASCII characters in a large text. Until the JVM has compiled it, a loop
 * takes as long for a word as for a byte, so this one looks at words of eight bytes.
 */
public final class ByteSearch {
  private static final long ONES = 0x0101_0101_0101_0101L;
  private static final long SIGNS = ONES << 7;

  private final long[] words;
  private final long first;
  private final long second;
  private final long third;

  /** Makes a search for three characters, of which some may be the same. */
  public ByteSearch(byte[] bytes, char first, char second, char third) {
    this.first = first * ONES;
    this.second = second * ONES;
    this.third = third * ONES;
    int whole = bytes.length / Long.BYTES;
    this.words = new long[whole + 1];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().get(words, 0, whole);
    // Behind the end stands what is searched for, so that nothing else has to end the search.
    words[whole] = this.first;
    for (int i = bytes.length - 1; i >= whole * Long.BYTES; i--) {
      words[whole] = words[whole] << Byte.SIZE | bytes[i] & 0xff;
    }
  }

  /**
   * Returns the index of the next such character, or the text's length.
   *
   * @param from where it begins, at most the text's length
   */
  public int next(int from) {
    long[] all = words;
    long a = first;
    long b = second;
    long c = third;
    int at = from >> 3;
    // What lies before is made something that is no ASCII.
    long word = all[at] | (1L << (from << 3)) - 1;
    while (true) {
      // A byte that is equal becomes 0, and 1 less than that has the sign. So have some bytes that
      // are no ASCII, which are told apart below, and some above one that is found.
      long borrowed = (word ^ a) - ONES | (word ^ b) - ONES | (word ^ c) - ONES;
      if ((borrowed & SIGNS) != 0) {
        long found = borrowed & ~word & SIGNS;
        if (found != 0) {
          return (at << 3) + index(found);
        }
      }
      word = all[++at];
    }
  }

  /** Returns which byte has the lowest sign: it shifts the factor's byte of that number up. */
  private static int index(long signs) {
    return (int) (((signs & -signs) >>> 7) * 0x0001_0203_0405_0607L >>> 56);
  }
}
