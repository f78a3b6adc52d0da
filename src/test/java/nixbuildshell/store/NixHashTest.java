package nixbuildshell.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NixHashTest {
  private static final String HASH = "1rz4g4znpzjwh1xymhjpm42vipw92pr73vdgl6xs1hycac8kf2n9";
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
    assertEquals(SLOWLY.matcher(text).find(), NixHash.mayBeIn(text));
  }
}
