package nixbuildshell.doctor;

/**
 * Says how a part of this host was found.
 *
 * @param part what was tried, in a few words
 * @param text what is so
 * @param remedy what the caller can do about it; may be empty
 */
record Finding(String part, State state, String text, String remedy) {
  /** Says whether the tool can do its work. */
  enum State {
    /** It works. */
    OK,
    /** It works less well. */
    NOTE,
    /** Without it no build can be entered. */
    FAILED
  }

  static Finding ok(String part, String text) {
    return new Finding(part, State.OK, text, "");
  }

  static Finding note(String part, String text, String remedy) {
    return new Finding(part, State.NOTE, text, remedy);
  }

  static Finding failed(String part, String text, String remedy) {
    return new Finding(part, State.FAILED, text, remedy);
  }
}
