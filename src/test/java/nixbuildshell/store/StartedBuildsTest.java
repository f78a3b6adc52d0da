package nixbuildshell.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import java.util.Set;
import nixbuildshell.ByteString;
import org.junit.jupiter.api.Test;

class StartedBuildsTest {
  private static final String HERE = "00000000000000000000000000000000-here-1.0.drv";
  private static final String THERE = "11111111111111111111111111111111-there-1.0.drv";

  private final StartedBuilds started = new StartedBuilds(StoreDirectory.DEFAULT);

  private static String start(String type, String fields) {
    return "{\"action\":\"start\",\"fields\":"
        + fields
        + ",\"id\":1,\"level\":3,\"parent\":0,\"text\":\"building\",\"type\":"
        + type
        + "}";
  }

  private void add(String record) {
    started.add(ByteString.of(record));
  }

  @Test
  void tellsWhatWasBegunHereAndElsewhere() throws Exception {
    add(start("105", "[\"/nix/store/" + HERE + "\",\"\",1,1]"));
    add(start("105", "[\"/nix/store/" + THERE + "\",\"ssh-ng://host\",1,1]"));
    // That machine's Nix tells of the build as well.
    add(start("105", "[\"/nix/store/" + THERE + "\",\"\",1,1]"));
    assertEquals(Set.of(StorePath.ofBaseName(HERE)), started.here());
    assertEquals(
        Map.of(StorePath.ofBaseName(THERE), ByteString.of("ssh-ng://host")), started.elsewhere());
  }

  @Test
  void passesOverOtherRecords() {
    add(start("106", "[\"/nix/store/" + HERE + "\",\"\",1,1]"));
    add(start("105", "[\"/elsewhere/" + HERE + "\",\"\",1,1]"));
    add(start("105", "[\"/nix/store/" + HERE + "\"]"));
    add(start("105", "[1,2]"));
    add("{\"type\":105");
    add("{\"type\":105}");
    // What a builder prints is text in a record.
    add(
        "{\"action\":\"result\",\"fields\":[\"{\\\"type\\\":105,\\\"fields\\\":[\\\"/nix/store/"
            + HERE
            + "\\\",\\\"\\\"]}\"],\"id\":1,\"type\":101}");
    assertEquals(Set.of(), started.here());
  }
}
