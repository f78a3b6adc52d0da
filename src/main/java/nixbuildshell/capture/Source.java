package nixbuildshell.capture;

/** Where a fact about a failed build comes from. */
public enum Source {
  COMMAND_LINE("the command line"),
  MANIFEST("the manifest"),
  ENV_VARS("env-vars"),
  DERIVATION("the derivation"),
  DIRECTORY_NAME("the directory's name"),
  BUILD_LOG("the build log's time");

  private final String words;

  Source(String words) {
    this.words = words;
  }

  @Override
  public String toString() {
    return words;
  }
}
