package nixbuildshell.console;

/** Lists the tool's own exit codes. In every other case the tool ends with the command's. */
public final class ExitCode {
  /** The command line is wrong. */
  public static final int USAGE = 2;

  /** The tool itself failed, as env(1) and docker run report it. */
  public static final int TOOL_FAILED = 125;

  /** The command exists and cannot be run, as in a shell. */
  public static final int NOT_EXECUTABLE = 126;

  /** The command does not exist, as in a shell. */
  public static final int NOT_FOUND = 127;

  /** A signal ended the command: its number is added, as in a shell. */
  public static final int SIGNAL = 128;

  private ExitCode() {}
}
