package nixbuildshell.capture;

/** Something that a person should be told about how a failed build was put together. */
public record Note(Level level, String text) {

  public enum Level {
    /** The session differs from the failed build, or may: always shown. */
    WARNING,
    /** Shown with {@code -v}. */
    DETAIL
  }

  static Note warning(String text) {
    return new Note(Level.WARNING, text);
  }

  static Note detail(String text) {
    return new Note(Level.DETAIL, text);
  }
}
