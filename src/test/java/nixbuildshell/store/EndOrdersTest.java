package nixbuildshell.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Instant;
import java.util.Optional;
import nixbuildshell.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EndOrdersTest {
  private static final ByteString KEPT = ByteString.of("/tmp/nix-build-a.drv-0");
  private static final ByteString OTHER = ByteString.of("/tmp/nix-build-a.drv-1");
  private static final StorePath LOG = TestStore.path("d1", "a.drv");
  private static final StorePath OTHERS = TestStore.path("d2", "a.drv");
  private static final Instant CTIME = Instant.parse("2026-11-27T03:00:00.004Z");

  private final EndOrders orders = new EndOrders();

  /** Each word is an event at the directory's ctime, or just before it ({@code early}). */
  @ParameterizedTest
  @CsvSource({
    "made changed closed changed, LOG_FIRST",
    "made changed changed closed, DIRECTORY_FIRST",
    "changed closed, DIRECTORY_FIRST",
    "closed changed, LOG_FIRST",
    // A sibling's end, and another's of the same name, are none of this build.
    "made changed others-closed other-changed changed closed, DIRECTORY_FIRST",
    "made changed closed other-changed others-closed changed, LOG_FIRST",
    // The build before it had the same directory's name, or the same derivation.
    "made changed closed changed made changed changed closed, DIRECTORY_FIRST",
    "closed made changed changed closed, DIRECTORY_FIRST",
    "made changed closed changed closed, LOG_FIRST",
    // One of the two was missed.
    "made changed changed, UNKNOWN",
    "made closed, UNKNOWN",
    "closed, UNKNOWN",
    "made changed closed made, UNKNOWN",
    "made early closed, UNKNOWN",
    "made changed closed lost changed, UNKNOWN",
    "made changed changed lost closed, UNKNOWN",
    "lost made changed changed closed, DIRECTORY_FIRST",
  })
  void theOrderOfAnEnd(String events, EndOrder order) {
    take(events);
    assertEquals(order, orders.of(KEPT, CTIME, LOG));
  }

  /** Each word is an event; the question is for the directory KEPT. */
  @ParameterizedTest
  @CsvSource({
    "made opened closed changed, a",
    "made changed opened closed changed, a",
    "made opened changed closed, a",
    "made opened other-made others-opened closed changed others-closed other-changed, a",
    "other-made others-opened made opened others-closed other-changed closed changed, a",
    "made opened other-made others-opened changed closed other-changed others-closed, a",
    // A rebuild's directory has the same name.
    "made others-opened others-closed changed made opened closed changed, a",
    // Another client's worker, a remote build or a reader of logs came between, or a build had no
    // log.
    "made other-made opened others-opened closed changed, -",
    "made other-made others-opened opened closed changed, -",
    "made others-opened opened closed changed, -",
    "made opened others-opened closed changed, -",
    "made opened closed changed others-opened, -",
    "opened made opened closed changed, -",
    "made other-made opened closed changed, -",
    "made changed opened closed, -",
    // Another log was closed next to the directory's change.
    "made opened closed others-closed changed, -",
    "made opened changed others-closed closed, -",
    // Something was missed.
    "missed made opened closed changed, -",
    "made opened missed closed changed, -",
    "made opened closed lost changed, -",
    "lost made opened closed changed, -",
    "made opened closed early, -",
    "made opened closed, -",
    "made opened changed, -",
    "opened closed changed, -",
    "made closed changed, -",
  })
  void theLogThatWasOpenedAndClosedNextToTheDirectory(String events, String derivation) {
    take(events);
    assertEquals(
        Optional.of(LOG).filter(it -> derivation.equals("a")), orders.derivation(KEPT, CTIME));
  }

  private void take(String events) {
    for (String event : events.split(" ")) {
      switch (event) {
        case "made" -> orders.made(KEPT);
        case "other-made" -> orders.made(OTHER);
        case "opened" -> orders.opened(LOG);
        case "others-opened" -> orders.opened(OTHERS);
        case "changed" -> orders.changed(KEPT, CTIME);
        case "early" -> orders.changed(KEPT, CTIME.minusMillis(1));
        case "other-changed" -> orders.changed(OTHER, CTIME);
        case "closed" -> orders.closed(LOG);
        case "others-closed" -> orders.closed(OTHERS);
        case "missed" -> orders.missed();
        case "lost" -> orders.forget();
        default -> throw new AssertionError(event);
      }
    }
  }

  @Test
  void namesWithoutEndTakeNoMemory() {
    orders.made(KEPT);
    for (int i = 0; i < 100_000; i++) {
      orders.made(ByteString.of("/tmp/nix-1-" + i));
    }
    orders.changed(OTHER, CTIME);
    orders.changed(KEPT, CTIME);
    orders.closed(LOG);
    assertEquals(EndOrder.DIRECTORY_FIRST, orders.of(KEPT, CTIME, LOG));
    assertEquals(EndOrder.UNKNOWN, orders.of(OTHER, CTIME, LOG));
  }
}
