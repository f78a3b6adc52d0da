package nixbuildshell.store;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import nixbuildshell.ByteString;
import nixbuildshell.Malformed;

/**
 * Holds what a build log says. A builder can write any line into it.
 *
 * @param phase the last phase that it names. stdenv writes a line {@code @nix { "action":
 *     "setPhase", "phase": "buildPhase" }} at each start of a phase ({@code showPhaseHeader} in
 *     setup.sh), and before that Nix reads such lines, a plain header
 * @param missesBinSh whether a program complains that {@code /bin/sh} is not there
 * @param directories the paths in it that have the form of a kept directory of the host, at most
 *     ten. A build in a sandbox does not know such a path
 */
public record LogText(Optional<String> phase, boolean missesBinSh, Set<ByteString> directories) {
  /** Stands for a log that was not read. */
  public static final LogText NONE = new LogText(Optional.empty(), false, Set.of());

  private static final long LONGEST_LOG = 2L << 30;

  public LogText {
    directories = Set.copyOf(directories);
  }

  /** Reads a whole log, of which it keeps no more than a line. */
  static LogText of(InputStream log) throws IOException {
    Lines lines = new Lines();
    InputStream in = new BufferedInputStream(log);
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    long count = 0;
    for (int next = in.read(); next >= 0 && count < LONGEST_LOG; next = in.read(), count++) {
      if (next == '\n') {
        lines.add(line.toString(StandardCharsets.ISO_8859_1));
        line.reset();
      } else if (line.size() <= Lines.LONGEST) {
        line.write(next);
      }
    }
    lines.add(line.toString(StandardCharsets.ISO_8859_1));
    return new LogText(lines.told.or(() -> lines.header), lines.missesBinSh, lines.directories);
  }

  /** Collects from the lines of a log. */
  private static final class Lines {
    private static final int LONGEST = 1024;
    private static final int MOST_DIRECTORIES = 10;
    private static final String MARK = "@nix ";
    private static final String RUNNING = "Running phase: ";
    private static final String BIN_SH = "/bin/sh";
    private static final String KEPT = ".drv-";

    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_.-]{0,59}");
    private static final JsonInput.Bounds BOUNDS = new JsonInput.Bounds(4, 16, 64, true);

    /** The words of bash, make, env and busybox; {@code /usr/bin/sh} is another file. */
    private static final Pattern NO_BIN_SH =
        Pattern.compile(
            "(?<![A-Za-z0-9._+/-])/bin/sh['\u2019\"]?: (?:bad interpreter|No such file or directory"
                + "|(?:[Cc]ommand )?not found)");

    private static final Pattern DIRECTORY =
        Pattern.compile(
            "(?:/[A-Za-z0-9+._?=-]+){0,9}"
                + "/nix-build-[A-Za-z0-9+._?=-]+\\.drv-[0-9]+(?![A-Za-z0-9+._?=-])");

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
    private boolean missesBinSh;
    private final Set<ByteString> directories = new LinkedHashSet<>();

    private void add(String text) {
      if (text.length() > LONGEST) {
        return;
      }
      if (text.startsWith(MARK)) {
        told = set(text.substring(MARK.length())).or(() -> told);
      } else if (text.startsWith(RUNNING)) {
        header = name(text.substring(RUNNING.length())).or(() -> header);
      } else {
        header = Optional.ofNullable(HEADERS.get(text)).or(() -> header);
      }
      missesBinSh = missesBinSh || text.contains(BIN_SH) && NO_BIN_SH.matcher(text).find();
      if (text.contains(KEPT) && directories.size() < MOST_DIRECTORIES) {
        DIRECTORY
            .matcher(text)
            .results()
            .forEach(found -> directories.add(new ByteString(found.group())));
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
}
