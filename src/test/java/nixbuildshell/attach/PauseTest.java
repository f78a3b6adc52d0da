package nixbuildshell.attach;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PauseTest {
  @Test
  void whatTheHookWrites() {
    assertEquals(
        Optional.of(new Pause(1764190000, 240, "hello-1.0-abc123", "buildPhase")),
        Pause.parse("1764190000 240 hello-1.0-abc123 buildPhase\n"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1 2",
        "1 0 a\n",
        "1 2 a\nb\n",
        "1 2 \u001b[31m\n",
        "99999999999999 2 a -\n",
        "-1 2 a -\n"
      })
  void whatAnAttackerWrites(String text) {
    assertEquals(Optional.empty(), Pause.parse(text));
  }

  @Test
  void aPauseIsBounded() {
    assertEquals(0, new Pause(10, 1, "a", "-").left(11));
    assertEquals(7 * 24 * 3600, new Pause(999_999_999_999L, 1, "a", "-").left(11));
  }
}
