package nixbuildshell.capture;

/** Holds something that is known of a failed build, and where it comes from. */
public record Fact<T>(T value, Source source) {

  /** Names where a fact comes from. */
  public enum Source {
    COMMAND_LINE("the command line"),
    MANIFEST("the manifest"),
    ENV_VARS("env-vars"),
    DERIVATION("the derivation"),
    BUILD_JSON("build.json"),
    DIRECTORY_NAME("the directory's name"),
    LAYOUT("the directory's layout"),
    SETTINGS("Nix's setting sandbox"),
    LOG_TEXT("the build log"),
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

  /** Returns the value and its source, for a message. */
  @Override
  public String toString() {
    return value + " (from " + source + ")";
  }
}
