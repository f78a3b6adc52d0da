package nixbuildshell;

/**
 * Text that does not follow its format. Checked, because whoever reads the text knows the file's
 * path and what can be done instead, and says both.
 */
public final class Malformed extends Exception {
  private static final long serialVersionUID = 1;

  /**
   * @param reason where in the text and what is wrong with it, for people
   */
  public Malformed(String reason) {
    super(reason);
  }
}
