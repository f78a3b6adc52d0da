package nixbuildshell.capture;

/** Holds a message for the caller about how a failed build was put together. */
public record Note(Level level, String text) {

  /** Says when a message is shown. */
  public enum Level {
    /** Marks a message that is always shown: the session differs from the build, or may. */
    WARNING,
    /** Marks a message that {@code -v} shows. */
    DETAIL
  }

  static Note warning(String text) {
    return new Note(Level.WARNING, text);
  }

  static Note detail(String text) {
    return new Note(Level.DETAIL, text);
  }
}
