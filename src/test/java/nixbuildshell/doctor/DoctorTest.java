package nixbuildshell.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class DoctorTest {
  private static final Finding OK = Finding.ok("sandbox", "made");
  private static final Finding NOTE = Finding.note("Java", "17\u001b[2J", "Java 22");
  private static final Finding FAILED = Finding.failed("sessions", "none", "");

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  private int print(boolean json, Finding... findings) {
    PrintStream to = new PrintStream(out, true, StandardCharsets.UTF_8);
    return Doctor.print(List.of(findings), to, json);
  }

  @Test
  void eachFindingIsALineWithItsRemedyBelow() {
    assertEquals(0, print(false, OK, NOTE));
    assertEquals(
        """
        ok      sandbox  made
        note    Java     17?[2J
                         Try: Java 22
        Builds can be entered.
        """,
        out.toString());
  }

  @Test
  void aFailureDecides() {
    assertEquals(1, print(false, OK, FAILED, NOTE));
    assertTrue(out.toString().contains("\nFAILED  sessions  none\n"), out.toString());
    assertTrue(out.toString().endsWith("No build can be entered.\n"), out.toString());
  }

  @Test
  void theJsonSaysTheSame() {
    assertEquals(1, print(true, NOTE, FAILED));
    assertEquals(
        "{\"findings\":[{\"part\":\"Java\",\"remedy\":\"Java"
            + " 22\",\"state\":\"note\",\"text\":\"17\\u001b[2J\"},"
            + "{\"part\":\"sessions\",\"remedy\":null,\"state\":\"failed\",\"text\":\"none\"}],\"schemaVersion\":\"1.0\",\"works\":false}\n",
        out.toString());
  }
}
