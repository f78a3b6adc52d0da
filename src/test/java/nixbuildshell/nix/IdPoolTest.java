package nixbuildshell.nix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import nixbuildshell.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IdPoolTest {
  private static final IdPool DEFAULT = new IdPool(872415232, 8388608);

  @ParameterizedTest
  @CsvSource({
    "start-id = 1000000, 1000000, 8388608",
    "start-id = 1000000;id-count = 131072, 1000000, 131072",
    "id-count = 65536, 872415232, 65536",
    "id-count = 0, 872415232, 0",
    "id-count = 65537, 872415232, 8388608",
    "start-id = 0, 872415232, 8388608",
    "start-id = 65535, 872415232, 8388608",
    "start-id = 4294967295, 872415232, 8388608",
    "start-id = 99999999999, 872415232, 8388608",
    "start-id = -5, 872415232, 8388608",
    "start-id = x;id-count = , 872415232, 8388608",
    "'', 872415232, 8388608",
  })
  void isWhatTheSettingsSay(String settings, long start, long count) {
    NixSettings nix = NixSettings.parse(ByteString.of(settings.replace(';', '\n')));
    assertEquals(new IdPool(start, count), IdPool.of(nix));
  }

  @Test
  void hasSlots() {
    assertEquals(128, DEFAULT.slots());
    assertFalse(DEFAULT.has(872415231));
    assertTrue(DEFAULT.has(872415232));
    assertTrue(DEFAULT.has(880803839));
    assertFalse(DEFAULT.has(880803840));
    assertEquals(0, DEFAULT.slotOf(872480767));
    assertEquals(1, DEFAULT.slotOf(872480768));
    assertEquals(127, DEFAULT.slotOf(880803839));
    assertEquals(872480768, DEFAULT.first(1));
  }
}
