package nixbuildshell.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import java.util.regex.Pattern;
import nixbuildshell.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NixHashTest {
  private static final String HASH = "1rz4g4znpzjwh1xymhjpm42vipw92pr73vdgl6xs1hycac8kf2n9";
  private static final String PLACEHOLDER = "/" + HASH;
  private static final Pattern SLOWLY = Pattern.compile("/[" + NixHash.ALPHABET + "]{52}");

  @Test
  void aPlaceholderIsSuchAHash() {
    assertEquals("/" + HASH, Derivation.placeholder("out"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        HASH,
        "/" + HASH,
        "x/" + HASH + "/bin:/y",
        "/x/" + HASH,
        "//" + HASH,
        HASH + "/" + HASH,
        "/1234567890/" + HASH,
        "/1234567890-/" + HASH,
        "/rz4g4znpzjwh1xymhjpm42vipw92pr73vdgl6xs1hycac8kf2n9",
        "/rz4g4znpzjwh1xymhjpm42vipw92pr73vdgl6xs1hycac8kf2n9-",
        "/-rz4g4znpzjwh1xymhjpm42vipw92pr73vdgl6xs1hycac8kf2n9",
        "/nix/store/h8nz099vmmlzg69vnrn1vnj35d0cc768-bash-5.2/bin /1" + HASH,
      })
  void aTextThatMayHaveOneIsFound(String text) {
    compare(text);
  }

  private static void compare(String text) {
    assertEquals(
        SLOWLY.matcher(text).find(), NixHash.mayBeIn(new ByteString(text)), () -> "'" + text + "'");
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
