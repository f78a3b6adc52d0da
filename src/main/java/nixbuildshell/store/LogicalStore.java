package nixbuildshell.store;

/**
 * The directory that all store paths begin with, wherever their files really are: {@code
 * /nix/store}, unless NIX_STORE_DIR says otherwise. A fact of the whole process, as in Nix ({@code
 * settings.nixStore} in globals.cc).
 */
public final class LogicalStore {
  /** As nearly everybody has it. */
  public static final String DEFAULT = "/nix/store";

  private static volatile String directory = DEFAULT;

  private LogicalStore() {}

  public static String directory() {
    return directory;
  }

  /**
   * Says what it is, before any store path is read.
   *
   * @param path absolute, of printable ASCII, in normal form
   */
  public static void use(String path) {
    directory = path;
  }
}
