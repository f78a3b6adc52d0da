package nixbuildshell;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ByteSearchTest {
  /** Holds what is searched for, and what differs from it in the lowest or the highest bit. */
  private static final byte[] SIMILAR = {
    '"',
    '\\',
    0,
    '"' ^ 1,
    '\\' ^ 1,
    1,
    '"' - 1,
    '\\' - 1,
    -1,
    (byte) 0x80,
    (byte) ('"' | 0x80),
    (byte) ('\\' | 0x80),
    (byte) 0x81,
    0x7f,
    'x'
  };

  private static ByteSearch search(byte[] bytes) {
    return new ByteSearch(bytes, '"', '\\', '\0');
  }

  private static int byteByByte(byte[] bytes, int from) {
    int at = from;
    while (at < bytes.length && bytes[at] != '"' && bytes[at] != '\\' && bytes[at] != 0) {
      at++;
    }
    return at;
  }

  private static void compare(byte[] bytes) {
    ByteSearch search = search(bytes);
    for (int from = 0; from <= bytes.length; from++) {
      int at = from;
      assertEquals(
          byteByByte(bytes, from), search.next(from), () -> Arrays.toString(bytes) + " from " + at);
    }
  }

  @Test
  void findsACharacterAtEveryPlace() {
    for (int length = 0; length <= 33; length++) {
      byte[] bytes = new byte[length];
      for (byte filler : SIMILAR) {
        Arrays.fill(bytes, filler);
        compare(bytes);
        for (int place = 0; place < length; place++) {
          for (byte each : SIMILAR) {
            bytes[place] = each;
            compare(bytes);
          }
          bytes[place] = filler;
        }
      }
    }
  }

  @Test
  void nextToOneThatIsFoundNothingElseIsFound() {
    Random random = new Random(1);
    for (int n = 0; n < 20_000; n++) {
      byte[] bytes = new byte[random.nextInt(40)];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = SIMILAR[random.nextInt(SIMILAR.length)];
      }
      compare(bytes);
    }
  }

  @Test
  void onlyThreeOfAllBytesAreFound() {
    for (int each = 0; each < 256; each++) {
      byte[] bytes = {'x', 'x', (byte) each, 'x'};
      compare(bytes);
      assertEquals(each == '\'' ? 2 : 4, new ByteSearch(bytes, '\'', '\'', '\'').next(0));
    }
  }
}
