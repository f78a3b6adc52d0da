package nixbuildshell.shell;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;
import nixbuildshell.capture.Recipe;
import nixbuildshell.console.ShellWord;

/**
 * Holds what the shell at the failure is told of the build: the variables of {@code facts.bash}.
 *
 * @param name the derivation's
 * @param phase the phase that failed; empty when unknown
 * @param directory the working directory at the failure, by the manifest
 * @param top the build directory, as seen from inside
 * @param bash the build's own
 * @param state where the shell's state comes from
 * @param recipe empty when the derivation is not known
 * @param outputs the paths of the outputs, by name
 * @param began the paths of those that the failed phase began
 */
public record Facts(
    String name,
    Optional<ByteString> phase,
    Optional<ByteString> directory,
    String top,
    ByteString bash,
    State state,
    Optional<Recipe> recipe,
    Map<String, String> outputs,
    List<String> began) {

  /** Lists the sources of the shell's state, the best first. */
  public enum State {
    /** The hook has written the whole state at the failure. */
    HOOK,
    /** The kept {@code env-vars} has the variables of the start of the phase. */
    ENVVARS,
    /** The variables, arrays and functions are those that stdenv's setup makes. */
    REBUILT,
    /** Nothing is known but what the builder began with. */
    NONE
  }

  /** Tells the scripts that no phase has failed, and that the phase is the one to come. */
  static final ByteString NOT_BEGUN = ByteString.of("nbsFactFresh=1\n");

  /** Returns the same for a build that has stopped in a phase, or at its start. */
  public Facts at(Optional<ByteString> start, Optional<ByteString> place) {
    return new Facts(name, start, place, top, bash, State.HOOK, recipe, outputs, began);
  }

  /** Returns the script: assignments that are safe to source, whatever the values are. */
  public ByteString script() {
    List<String> lines = new ArrayList<>();
    lines.add(text("Name", ByteString.of(name)));
    lines.add(text("Phase", phase.orElse(ByteString.EMPTY)));
    lines.add(text("Directory", directory.orElse(ByteString.EMPTY)));
    lines.add(text("Top", ByteString.of(top)));
    lines.add(text("Bash", bash));
    lines.add(text("State", ByteString.of(state.name().toLowerCase(Locale.ROOT))));
    lines.add(array("Builder", recipe.map(Recipe::command).orElse(List.of())));
    lines.add(array("Files", recipe.map(it -> bytes(it.files())).orElse(List.of())));
    lines.add(array("Checks", recipe.map(it -> bytes(it.checks())).orElse(List.of())));
    boolean structured = recipe.filter(Recipe::structured).isPresent();
    lines.add(text("Structured", ByteString.of(structured ? "1" : "")));
    lines.add(array("Began", bytes(began)));
    lines.add(
        outputs.entrySet().stream()
            .map(each -> "[" + quoted(each.getKey()) + "]=" + quoted(each.getValue()))
            .collect(Collectors.joining(" ", "declare -A nbsFactOutputs=(", ")")));
    return new ByteString(String.join("\n", lines) + "\n");
  }

  /**
   * Returns the lines of a run: the session's build directory on the host, and the directories that
   * the caller brings to the end of PATH.
   */
  static ByteString ofRun(ByteString session, List<ByteString> programs) {
    return new ByteString(text("Session", session) + "\n" + array("With", programs) + "\n");
  }

  private static List<ByteString> bytes(List<String> texts) {
    return texts.stream().map(ByteString::of).toList();
  }

  private static String text(String name, ByteString value) {
    return "nbsFact" + name + "=" + ShellWord.inSingleQuotes(value.latin1());
  }

  private static String array(String name, List<ByteString> values) {
    return values.stream()
        .map(value -> ShellWord.inSingleQuotes(value.latin1()))
        .collect(Collectors.joining(" ", "nbsFact" + name + "=(", ")"));
  }

  private static String quoted(String text) {
    return ShellWord.inSingleQuotes(ByteString.of(text).latin1());
  }
}
