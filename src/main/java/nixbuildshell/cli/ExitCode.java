package nixbuildshell.cli;

/** The tool's own exit codes; besides them it ends with the command's. */
final class ExitCode {
  /** The command line was wrong. */
  static final int USAGE = 2;

  /** The tool itself failed, as env(1) and docker run have it. */
  static final int TOOL_FAILED = 125;

  /** Added to a signal's number, as shells do. */
  static final int SIGNAL = 128;

  private ExitCode() {}
}
