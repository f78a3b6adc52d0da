package nixbuildshell.capture;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.Malformed;
import nixbuildshell.store.NixStore;
import nixbuildshell.store.StorePath;

/**
 * Decides whether a path can be the build's shell: it must be a program in the store, since an
 * attacker may have written {@code env-vars}.
 */
public record BuildShell(NixStore store) {

  /**
   * Requires that a shell is still there, which an earlier run of the tool had accepted.
   *
   * @throws Failure saying how to get the shell back
   */
  public void require(ByteString shell) {
    if (shell.equals(Shell.SYSTEM)) {
      return;
    }
    try {
      check(shell);
    } catch (Refused e) {
      throw new Failure("cannot use the build's shell " + shell, e.getMessage(), e.remedy());
    }
  }

  /** Decides whether a path is a program in the store, as a shell has to be. */
  public boolean isProgram(ByteString path) {
    try {
      check(path);
      return true;
    } catch (Refused e) {
      return false;
    }
  }

  /** Says why a path is not the build's shell, and what the caller can do. */
  static final class Refused extends Exception {
    private static final long serialVersionUID = 1;
    private final String remedy;

    Refused(String reason, String remedy) {
      super(reason);
      this.remedy = remedy;
    }

    String remedy() {
      return remedy;
    }
  }

  /** Recognises the shell in Nix's /etc/passwd, which bash puts into an unset SHELL. */
  static boolean isNoShell(ByteString path) {
    return path.latin1().equals("/noshell");
  }

  void check(ByteString path) throws Refused {
    if (!path.latin1().chars().allMatch(c -> c >= ' ' && c <= '~')) {
      throw new Refused("it has bytes outside printable ASCII", "");
    }
    StorePath found;
    try {
      found = store.directory().containing(path);
    } catch (Malformed e) {
      throw new Refused(e.getMessage(), "");
    }
    String in = store.directory().path(found);
    if (!store.has(found)) {
      throw new Refused(
          in + " is no longer in the store (garbage-collected)",
          "get it back with: "
              + store.command()
              + " --realise "
              + in
              + (store.uri().isPresent() ? "" : "; a build in another store wants --store"));
    }
    Path program;
    try {
      program = store.locate(path);
    } catch (Malformed e) {
      throw new Refused(e.getMessage(), "");
    } catch (IOException e) {
      throw new Refused("there is no such file in " + in, "");
    }
    if (!Files.exists(program, LinkOption.NOFOLLOW_LINKS)) {
      throw new Refused("there is no such file in " + in, "");
    }
    if (!Files.isRegularFile(program) || !Files.isExecutable(program)) {
      throw new Refused("it is not a program", "");
    }
  }
}
