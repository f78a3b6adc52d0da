package nixbuildshell;

/**
 * Says that a text does not follow its format. It is checked: the reader of the text knows the
 * file's path and what the caller can try, and adds both.
 */
public final class Malformed extends Exception {
  private static final long serialVersionUID = 1;

  /**
   * Makes one.
   *
   * @param reason what is wrong with the text, and where, for a message
   */
  public Malformed(String reason) {
    super(reason);
  }
}
