package nixbuildshell.doctor;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import nixbuildshell.doctor.Finding.State;
import nixbuildshell.store.Json;

/** Prints what was found on this host. */
public final class Doctor {
  private static final String VERSION = "1.0";

  private Doctor() {}

  /**
   * Tries the host and prints the findings.
   *
   * @return 0 when builds can be entered, else 1
   */
  public static int run(HostReport host, PrintStream out, boolean json) {
    return print(host.findings(), out, json);
  }

  static int print(List<Finding> findings, PrintStream out, boolean json) {
    boolean works = findings.stream().noneMatch(each -> each.state() == State.FAILED);
    if (json) {
      out.println(json(findings, works).ascii());
      return works ? 0 : 1;
    }
    int width = findings.stream().mapToInt(each -> each.part().length()).max().orElse(0);
    for (Finding each : findings) {
      String mark =
          each.state() == State.OK ? "ok    " : each.state() == State.NOTE ? "note  " : "FAILED";
      out.println(
          mark
              + "  "
              + String.format("%-" + width + "s", each.part())
              + "  "
              + harmless(each.text()));
      if (!each.remedy().isEmpty()) {
        out.println(" ".repeat(width + 10) + "Try: " + harmless(each.remedy()));
      }
    }
    out.println(works ? "Builds can be entered." : "No build can be entered.");
    return works ? 0 : 1;
  }

  /** Paths of the environment are in the texts. */
  private static String harmless(String text) {
    return text.replaceAll("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]", "?");
  }

  private static Json json(List<Finding> findings, boolean works) {
    return Json.of(
        Map.of(
            "schemaVersion",
            VERSION,
            "works",
            works,
            "findings",
            findings.stream()
                .map(
                    each ->
                        Map.of(
                            "part",
                            each.part(),
                            "state",
                            each.state().name().toLowerCase(Locale.ROOT),
                            "text",
                            each.text(),
                            "remedy",
                            Optional.of(each.remedy()).filter(remedy -> !remedy.isEmpty())))
                .toList()));
  }
}
