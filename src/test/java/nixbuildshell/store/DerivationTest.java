package nixbuildshell.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import java.util.regex.Pattern;
import nixbuildshell.ByteString;
import org.junit.jupiter.api.Test;

class DerivationTest {
  private static final String PLACEHOLDER = Derivation.placeholder("out");
  private static final Pattern SLOWLY = Pattern.compile("/[" + NixHash.ALPHABET + "]{52}");

  private static void compare(String text) {
    assertEquals(
        SLOWLY.matcher(text).find(),
        Derivation.mayHavePlaceholder(new ByteString(text)),
        () -> "'" + text + "'");
  }

  @Test
  void aPlaceholderIsFoundBehindAnythingAtEveryPlace() {
    for (String before : new String[] {"0", "/", "-", "\u00ff", "/0", "0/", PLACEHOLDER + "/-"}) {
      for (int n = 0; n < 120; n++) {
        String start = before.repeat(n);
        compare(start + PLACEHOLDER);
        compare(start + PLACEHOLDER + "/bin");
        compare(start + PLACEHOLDER.substring(1));
        compare(start + PLACEHOLDER.substring(0, PLACEHOLDER.length() - 1));
        compare(start + PLACEHOLDER.replace('4', 'e'));
      }
    }
  }

  @Test
  void nothingElseIsTakenForOne() {
    Random random = new Random(1);
    for (int n = 0; n < 20_000; n++) {
      StringBuilder text = new StringBuilder();
      for (int i = random.nextInt(250); i > 0; i--) {
        text.append(random.nextInt(40) != 0 ? '0' : random.nextInt(3) != 0 ? '/' : 'e');
      }
      compare(text.toString());
    }
  }
}
