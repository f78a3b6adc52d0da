package nixbuildshell.shell;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.capture.BuildShell;
import nixbuildshell.capture.Fact;
import nixbuildshell.capture.FailedBuild;
import nixbuildshell.capture.Shell;
import nixbuildshell.sandbox.SandboxRequest;
import nixbuildshell.session.Remembered;
import nixbuildshell.store.NixStore;

/**
 * How a command is started in the sandbox.
 *
 * @param shell the build's; empty when it has none, and commands are executed as they are
 * @param environment what the kernel gives, {@code NAME=value}: all of it where no bash sources
 *     {@code env-vars}, else what bash cannot declare
 */
public record Start(Optional<Shell> shell, List<ByteString> environment) {
  public static Start of(FailedBuild build) {
    Optional<Shell> shell = build.run().shell().map(Fact::value).map(Shell::new);
    if (build.run().environment() instanceof FailedBuild.Given given) {
      return new Start(shell, strings(given.variables()));
    } else if (build.run().environment() instanceof FailedBuild.Rebuilt rebuilt) {
      return new Start(shell, strings(rebuilt.envVars().undeclarable()));
    }
    return new Start(shell, List.of());
  }

  /**
   * The same again in a session.
   *
   * @throws Failure when the shell is gone
   */
  public static Start again(Remembered remembered, NixStore nix) {
    Optional<Shell> shell = remembered.shell().map(Shell::new);
    shell.ifPresent(known -> new BuildShell(nix).require(known.path()));
    return new Start(shell, remembered.environment());
  }

  /** What the sandbox shall have at {@code /bin/sh}. */
  public Optional<ByteString> systemShell() {
    return shell.map(Shell::path).filter(path -> !path.equals(Shell.SYSTEM));
  }

  /**
   * Requires that the sandbox has the shell, when it is not of the store.
   *
   * @throws Failure that says who gives it
   */
  public void requireShell(SandboxRequest sandbox) {
    boolean system = shell.map(Shell::path).filter(Shell.SYSTEM::equals).isPresent();
    if (system
        && sandbox.build().shell().isEmpty()
        && sandbox.view().paths().stream().noneMatch(path -> path.target().equals(Shell.SYSTEM))) {
      throw new Failure(
          "cannot start a shell",
          "the builder is "
              + Shell.SYSTEM
              + ", which Nix's sandbox-paths give, and here they do not",
          "show one: --sandbox-path " + Shell.SYSTEM + "=FILE");
    }
  }

  static List<ByteString> strings(Map<ByteString, ByteString> variables) {
    List<ByteString> strings = new ArrayList<>();
    variables.forEach((name, value) -> strings.add(name.plus("=").plus(value)));
    return strings;
  }
}
