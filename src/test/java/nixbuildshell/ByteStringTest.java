package nixbuildshell;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ByteStringTest {

  @Test
  void everyByteSurvives() {
    byte[] every = new byte[256];
    for (int i = 0; i < every.length; i++) {
      every[i] = (byte) i;
    }
    assertArrayEquals(every, ByteString.of(every).bytes());
    assertEquals(256, ByteString.of(every).length());
  }

  @Test
  void textIsUtf8AndComesBackReadable() {
    assertEquals(2, ByteString.of("é").length());
    assertEquals("é", ByteString.of("é").toString());
    assertEquals(ByteString.of("aé"), ByteString.of("a").plus("é"));
  }

  @ParameterizedTest
  @CsvSource({
    "1b 5b 33 31 6d, \\x1b[31m",
    "61 0a 09, a\\n\\t",
    "ff 61 5c, \\xffa\\\\",
    "5c 78, \\\\x",
    "e2 80 ae, \\u202e",
    "f3 a0 81 81, \\U000e0041",
    "f0 9f 90 9a, 🐚",
    "00, \\x00",
    "7f, \\x7f"
  })
  void nothingThatSteersATerminalIsPrinted(String hex, String printed) {
    String[] digits = hex.split(" ");
    byte[] bytes = new byte[digits.length];
    for (int i = 0; i < digits.length; i++) {
      bytes[i] = (byte) Integer.parseInt(digits[i], 16);
    }
    assertEquals(printed, ByteString.of(bytes).toString());
  }

  @Test
  void aCStringEndsWithNul() {
    assertArrayEquals(new byte[] {'a', (byte) 0xff, 0}, new ByteString("a\u00ff").terminated());
  }
}
