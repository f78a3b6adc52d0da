package nixbuildshell.shell;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import nixbuildshell.ByteString;
import nixbuildshell.session.History;
import nixbuildshell.session.Session;
import nixbuildshell.session.ShellDirectory;

/**
 * Writes what the shell at the failure and {@code retry} need into the working copy, anew for each
 * run, and takes back what they leave.
 *
 * @param directory of the session
 */
public record ShellFiles(Session session, ShellDirectory directory) {
  private static final ByteString FACTS = ByteString.of("facts.bash");
  private static final String HISTORY = "history";
  private static final String RESULT = "result";

  /** Names the file by which the shell in a running build asks to end the build. */
  public static final String RELEASED = "released";

  private static final ByteString RELEASE =
      ByteString.of("release() { : >|\"$_nbsShell/" + RELEASED + "\" && builtin exit 0; }\n");

  private static final Pattern PROGRESS =
      Pattern.compile("failed|next|passed|begun|phase\\..*\\.bash");

  private static final int LARGEST_RESULT = 1 << 20;

  /** Stores the facts, which all later runs in this session use too. */
  public void store(Facts facts) {
    session.store(FACTS, facts.script());
  }

  /** Stores the facts of a build that stands at the start of a phase. */
  public void storeNotBegun(Facts facts) {
    session.store(FACTS, facts.script().plus(Facts.NOT_BEGUN));
  }

  /**
   * Decides whether the session was made with such facts: an older version made it without, and a
   * build without a bash has none.
   */
  public boolean hasFacts() {
    return session.stored(FACTS).isPresent();
  }

  /**
   * Writes the files, and removes all others but what is {@code kept}.
   *
   * @param kept decides whether a file of an earlier shell stays
   * @param history what earlier shells of the derivation's builds left
   * @param programs directories at the end of PATH, as seen from inside: what the caller brings
   */
  public void write(ByteString history, List<ByteString> programs, Predicate<ByteString> kept) {
    Map<String, ByteString> files = scripts();
    ByteString build = session.path().plus("/build");
    files.put(
        FACTS.latin1(),
        session.stored(FACTS).orElse(ByteString.EMPTY).plus(Facts.ofRun(build, programs)));
    session
        .stored(Session.ENVIRONMENT)
        .ifPresent(made -> files.put(Session.ENVIRONMENT.latin1(), made));
    files.put(HISTORY, history);
    directory.fill(files, kept);
  }

  /** Decides whether a file tells a later shell of the session how far the phases have come. */
  public static boolean isProgress(ByteString name) {
    return PROGRESS.matcher(name.latin1()).matches();
  }

  /**
   * Returns what the shell at the failure of a build that still runs needs.
   *
   * @param top the build directory, as seen from inside
   */
  public static Map<String, ByteString> ofRunningBuild(Facts facts, ByteString top) {
    Map<String, ByteString> files = scripts();
    files.merge("start.bash", RELEASE, ByteString::plus);
    files.put(FACTS.latin1(), facts.script().plus(Facts.ofRun(top, List.of())));
    return files;
  }

  private static Map<String, ByteString> scripts() {
    Map<String, ByteString> files = new LinkedHashMap<>();
    for (String name :
        new String[] {
          "start.bash",
          "phases.bash",
          "run.bash",
          "load.bash",
          "again.bash",
          "rebuild.bash",
          "say.bash"
        }) {
      files.put(name, SetupProgram.resource(name));
    }
    files.put("dump.bash", SetupProgram.resource("state.sh"));
    return files;
  }

  /** Returns the history that the shell has left; empty when there is none of use. */
  public Optional<ByteString> history() {
    return directory.read(HISTORY, History.LARGEST);
  }

  /** Returns what a run of a phase has left; nothing is known where there is no such file. */
  public PhaseResult result() {
    return PhaseResult.parse(directory.read(RESULT, LARGEST_RESULT).orElse(ByteString.EMPTY));
  }
}
