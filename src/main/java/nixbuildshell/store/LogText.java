package nixbuildshell.store;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import nixbuildshell.ByteString;
import nixbuildshell.Malformed;

/**
 * Holds what a build log says. A builder can write any line into it.
 *
 * @param phases those that it names, in order, at most a hundred. stdenv writes a line {@code @nix
 *     { "action": "setPhase", "phase": "buildPhase" }} at each start of a phase ({@code
 *     showPhaseHeader} in setup.sh), and before that Nix reads such lines, a plain header
 * @param missesBinSh whether a program complains that {@code /bin/sh} is not there
 * @param directories the paths in it that have the form of a kept directory of the host, at most
 *     ten. A build in a sandbox does not know such a path
 * @param end the last lines, at most twenty, without those for Nix; a long line is cut
 */
public record LogText(
    List<String> phases, boolean missesBinSh, Set<ByteString> directories, List<ByteString> end) {
  /** Stands for a log that was not read. */
  public static final LogText NONE = new LogText(List.of(), false, Set.of(), List.of());

  private static final long LONGEST_LOG = 2L << 30;

  public LogText {
    phases = List.copyOf(phases);
    directories = Set.copyOf(directories);
    end = List.copyOf(end);
  }

  /** Returns the last phase that it names. */
  public Optional<String> phase() {
    return phases.isEmpty() ? Optional.empty() : Optional.of(phases.get(phases.size() - 1));
  }

  /** Reads a whole log, of which it keeps only some lines. */
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
    if (line.size() > 0) {
      lines.add(line.toString(StandardCharsets.ISO_8859_1));
    }
    return new LogText(
        lines.told.isEmpty() ? lines.headers : lines.told,
        lines.missesBinSh,
        lines.directories,
        List.copyOf(lines.end));
  }

  /** Collects from the lines of a log. */
  private static final class Lines {
    private static final int LONGEST = 1024;
    private static final int MOST_DIRECTORIES = 10;
    private static final int MOST_PHASES = 100;
    private static final int MOST_OF_END = 20;
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

    private final List<String> told = new ArrayList<>();
    private final List<String> headers = new ArrayList<>();
    private final Deque<ByteString> end = new ArrayDeque<>();
    private boolean missesBinSh;
    private final Set<ByteString> directories = new LinkedHashSet<>();

    private void add(String text) {
      if (!text.startsWith(MARK)) {
        end.add(new ByteString(text.substring(0, Math.min(text.length(), LONGEST))));
        if (end.size() > MOST_OF_END) {
          end.remove();
        }
      }
      if (text.length() > LONGEST) {
        return;
      }
      if (text.startsWith(MARK)) {
        set(text.substring(MARK.length())).ifPresent(name -> begin(told, name));
      } else if (text.startsWith(RUNNING)) {
        name(text.substring(RUNNING.length())).ifPresent(name -> begin(headers, name));
      } else if (HEADERS.containsKey(text)) {
        begin(headers, HEADERS.get(text));
      }
      missesBinSh = missesBinSh || text.contains(BIN_SH) && NO_BIN_SH.matcher(text).find();
      if (text.contains(KEPT) && directories.size() < MOST_DIRECTORIES) {
        DIRECTORY
            .matcher(text)
            .results()
            .forEach(found -> directories.add(new ByteString(found.group())));
      }
    }

    /** Adds a phase; of more than so many, the first and the last count. */
    private static void begin(List<String> phases, String name) {
      if (phases.size() == MOST_PHASES) {
        phases.remove(MOST_PHASES - 1);
      }
      phases.add(name);
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
