package nixbuildshell.console;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import nixbuildshell.ByteString;
import org.junit.jupiter.api.Test;

class ShellWordTest {
  private static String quote(String latin1) {
    return ShellWord.quote(new ByteString(latin1));
  }

  @Test
  void whatIsPlainStaysAsItIs() {
    assertEquals("/a/b-c_1.0=x:y,z@%+", quote("/a/b-c_1.0=x:y,z@%+"));
  }

  @Test
  void whatBashWouldReadIsQuoted() {
    assertEquals("''", quote(""));
    assertEquals("'a b'", quote("a b"));
    assertEquals("'it'\\''s $x'", quote("it's $x"));
    assertEquals("'~'", quote("~"));
  }

  @Test
  void otherBytesAreEscaped() {
    assertEquals("$'a\\012\\377\\047\\134'", quote("a\n\u00ff'\\"));
  }

  @Test
  void aCommandLineIsItsWords() {
    assertEquals(
        "make 'a b'", ShellWord.quote(List.of(ByteString.of("make"), ByteString.of("a b"))));
  }

  @Test
  void inAScriptBytesStayAsTheyAre() {
    assertEquals("'a'\\''\n\u00ff'", ShellWord.inSingleQuotes("a'\n\u00ff"));
  }

  @Test
  void aLargeWordIsQuotedInTheSameWay() {
    for (int length = 0; length < 20; length++) {
      String plain = "\u00a7\"\0&(\n".repeat(3).substring(0, length % 18);
      for (String word : List.of(plain, plain + "'", "'" + plain, plain + "''" + plain)) {
        StringBuilder script = new StringBuilder("x=");
        ShellWord.appendInSingleQuotes(script, new ByteString(word));
        assertEquals("x=" + ShellWord.inSingleQuotes(word), script.toString());
      }
    }
  }
}
