package nixbuildshell.shell;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import nixbuildshell.ByteString;
import nixbuildshell.console.ShellWord;

/**
 * Says before the first prompt what failed, and what the caller can do, in at most ten lines.
 *
 * @param failure the sentence that says what failed
 * @param log the last lines of the build log
 * @param obstacles what explains such lines
 * @param phase the phase that failed
 * @param copy the session's build directory on the host
 * @param state where the shell's state comes from
 * @param kept the kept directory
 * @param derivation the path of the derivation; empty when it is not known
 * @param root whether root runs the tool
 */
public record Greeting(
    String failure,
    List<ByteString> log,
    Obstacles obstacles,
    Optional<ByteString> phase,
    ByteString copy,
    Facts.State state,
    ByteString kept,
    Optional<ByteString> derivation,
    boolean root) {
  private static final int LOG_LINES = 4;
  private static final int LONGEST = 160;

  private static final String HEADER = "Running phase: ";

  /** Marks what the setup hook says, from its first line to its last. */
  private static final String HINT = "nix-build-shell: ";

  private static final String END_OF_HINT = "(Nix keeps the directory";

  /** Matches what a program writes to colour its output. */
  private static final Pattern COLOUR = Pattern.compile("\u001b\\[[0-9;:?]*[A-Za-z]");

  /**
   * Returns the lines for a build that stands at the start of a phase.
   *
   * @param what says where it stands
   * @param phase empty for the first one
   * @param copy the session's build directory on the host
   */
  public static List<String> ofNotBegun(String what, Optional<ByteString> phase, ByteString copy) {
    return List.of(
        what,
        "the working copy is " + copy,
        phase
            .map(name -> name.abridged(LONGEST))
            .map(name -> "retry runs " + name + ", resume runs it and all after it")
            .orElse("retry runs the first phase, resume runs all")
            .concat(", phases lists all"));
  }

  /** Returns the lines; what is in them may still steer a terminal. */
  public List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add(failure);
    List<ByteString> own = ofTheProgram();
    List<String> known = obstacles.in(own);
    int shown = LOG_LINES - Math.max(0, known.size() - 1);
    own.subList(Math.max(0, own.size() - shown), own.size())
        .forEach(line -> lines.add("  | " + shown(line)));
    lines.addAll(known);
    lines.add("the working copy is " + copy);
    lines.add(
        "retry runs "
            + phase.map(name -> name.abridged(LONGEST)).orElse("a phase")
            + " again, resume goes on from there, phases lists all");
    missing().ifPresent(lines::add);
    if (state != Facts.State.HOOK) {
      derivation.map(this::fresh).ifPresent(lines::add);
    }
    return lines;
  }

  /**
   * Returns the lines of the log that a program wrote in its last phase: neither the header of a
   * phase nor what the setup hook says of the failure.
   */
  private List<ByteString> ofTheProgram() {
    List<ByteString> own = new ArrayList<>();
    boolean inHint = false;
    for (ByteString line : log) {
      inHint = inHint && !line.startsWith(END_OF_HINT) || line.startsWith(HINT);
      if (line.startsWith(HEADER)) {
        own.clear();
      } else if (!inHint && !line.startsWith(END_OF_HINT) && !line.words().isEmpty()) {
        own.add(line);
      }
    }
    return own;
  }

  /** Returns a line of the log, which may be in any encoding and have any control characters. */
  private static String shown(ByteString line) {
    String text = new String(line.bytes(), StandardCharsets.UTF_8);
    // What comes behind a carriage return was written over the text before it.
    String last = text.strip().replaceAll("(?s)^.*\r", "");
    String plain =
        COLOUR
            .matcher(last)
            .replaceAll("")
            .replace("\t", "  ")
            .replaceAll("[\\p{Cc}\\p{Zl}\\p{Zp}]", "?");
    return plain.length() <= LONGEST ? plain : plain.substring(0, LONGEST) + "…";
  }

  /** Returns the command that makes the whole state anew. */
  private String fresh(ByteString path) {
    String before = phase.map(name -> "--before " + ShellWord.quote(name) + " ").orElse("");
    return "the exact state of a new run: nix-build-shell fresh " + before + ShellWord.quote(path);
  }

  /** Returns which part of the state is missing, and what would bring it. */
  private Optional<String> missing() {
    String hook = "the setup hook (nixBuildShellHook) brings all of it";
    return switch (state) {
      case HOOK -> Optional.empty();
      case ENVVARS -> Optional.of("missing: what the phase itself has set; " + hook);
      case REBUILT ->
          Optional.of(
              "missing: what the phases have set; "
                  + (root
                      ? ""
                      : "sudo nix-build-shell " + ShellWord.quote(kept) + " brings the variables, ")
                  + hook);
      case NONE -> Optional.of("missing: all but what the builder began with; " + hook);
    };
  }
}
