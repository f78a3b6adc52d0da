package nixbuildshell.store;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import nixbuildshell.ByteString;
import nixbuildshell.Malformed;

/**
 * Finds the last phase that a build log names. stdenv writes a line {@code @nix { "action":
 * "setPhase", "phase": "buildPhase" }} at each start of a phase ({@code showPhaseHeader} in
 * setup.sh), and before that Nix reads such lines, a plain header. A builder can write any of them.
 */
final class LastPhase {
  private static final String MARK = "@nix ";
  private static final int LONGEST_LINE = 1024;
  private static final long LONGEST_LOG = 2L << 30;
  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_.-]{0,59}");
  private static final JsonInput.Bounds BOUNDS = new JsonInput.Bounds(4, 16, 64, true);

  private static final String RUNNING = "Running phase: ";

  /** Lists the headers of stdenv before 2023. */
  private static final Map<String, String> HEADERS =
      Map.of(
          "unpacking sources", "unpackPhase",
          "patching sources", "patchPhase",
          "configuring", "configurePhase",
          "building", "buildPhase",
          "running tests", "checkPhase",
          "installing", "installPhase",
          "post-installation fixup", "fixupPhase",
          "running install tests", "installCheckPhase");

  private Optional<String> told = Optional.empty();
  private Optional<String> header = Optional.empty();

  private LastPhase() {}

  /** Reads a whole log, of which it keeps no more than a line. */
  static Optional<String> of(InputStream log) throws IOException {
    LastPhase phase = new LastPhase();
    InputStream in = new BufferedInputStream(log);
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    long count = 0;
    for (int next = in.read(); next >= 0 && count < LONGEST_LOG; next = in.read(), count++) {
      if (next == '\n') {
        phase.line(line.toString(StandardCharsets.ISO_8859_1));
        line.reset();
      } else if (line.size() <= LONGEST_LINE) {
        line.write(next);
      }
    }
    phase.line(line.toString(StandardCharsets.ISO_8859_1));
    return phase.told.or(() -> phase.header);
  }

  private void line(String text) {
    if (text.length() > LONGEST_LINE) {
      return;
    }
    if (text.startsWith(MARK)) {
      told = set(text.substring(MARK.length())).or(() -> told);
    } else if (text.startsWith(RUNNING)) {
      header = name(text.substring(RUNNING.length())).or(() -> header);
    } else {
      header = Optional.ofNullable(HEADERS.get(text)).or(() -> header);
    }
  }

  private static Optional<String> set(String json) {
    try {
      Json message = JsonInput.read(json.getBytes(StandardCharsets.ISO_8859_1), BOUNDS);
      return message instanceof Json.Fields fields && text(fields, "action").equals("setPhase")
          ? name(text(fields, "phase"))
          : Optional.empty();
    } catch (Malformed e) {
      return Optional.empty();
    }
  }

  private static String text(Json.Fields fields, String name) {
    return fields.values().get(ByteString.of(name)) instanceof Json.Text text
        ? text.value().latin1()
        : "";
  }

  private static Optional<String> name(String text) {
    return Optional.of(text).filter(name -> NAME.matcher(name).matches());
  }
}
