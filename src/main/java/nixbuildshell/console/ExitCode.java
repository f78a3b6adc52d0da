package nixbuildshell.console;

/** The tool's own exit codes; besides them it ends with the command's. */
public final class ExitCode {
  /** The command line was wrong. */
  public static final int USAGE = 2;

  /** The tool itself failed, as env(1) and docker run have it. */
  public static final int TOOL_FAILED = 125;

  /** The command was found and could not be run, as in a shell. */
  public static final int NOT_EXECUTABLE = 126;

  /** The command was not found, as in a shell. */
  public static final int NOT_FOUND = 127;

  /** Added to a signal's number, as shells do. */
  public static final int SIGNAL = 128;

  private ExitCode() {}
}
