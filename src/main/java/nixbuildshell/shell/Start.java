package nixbuildshell.shell;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
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
 * Describes how commands start in the sandbox.
 *
 * @param shell the build's shell; empty when the build has none: then commands are executed as they
 *     are
 * @param environment the variables that {@code execve} passes, {@code NAME=value}: all of them when
 *     no bash sources {@code env-vars}, else those that bash cannot declare
 * @param programs directories at the end of PATH, in the store: what the caller brings
 */
public record Start(
    Optional<Shell> shell, List<ByteString> environment, List<ByteString> programs) {
  public Start {
    environment = List.copyOf(environment);
    programs = List.copyOf(programs);
  }

  /** Returns how commands start in a new copy of a kept directory. */
  public static Start of(FailedBuild build) {
    Optional<Shell> shell = build.run().shell().map(Fact::value).map(Shell::new);
    List<ByteString> environment = List.of();
    if (build.run().environment() instanceof FailedBuild.Given given) {
      environment = strings(given.variables());
    } else if (build.run().environment() instanceof FailedBuild.Rebuilt rebuilt) {
      environment = strings(rebuilt.envVars().undeclarable());
    }
    return new Start(shell, environment, List.of());
  }

  /** Returns the same with more directories at the end of PATH, each once. */
  public Start with(List<ByteString> more) {
    return new Start(
        shell, environment, Stream.concat(programs.stream(), more.stream()).distinct().toList());
  }

  /**
   * Returns how commands start in a session that the caller enters again.
   *
   * @throws Failure when the shell is no longer in the store
   */
  public static Start again(Remembered remembered, NixStore nix) {
    Optional<Shell> shell = remembered.shell().map(Shell::new);
    shell.ifPresent(known -> new BuildShell(nix).require(known.path()));
    return new Start(shell, remembered.environment(), remembered.programs());
  }

  /**
   * Returns what the sandbox shows at {@code /bin/sh}: the build's shell, unless it is that itself.
   */
  public Optional<ByteString> systemShell() {
    return shell.map(Shell::path).filter(path -> !path.equals(Shell.SYSTEM));
  }

  /** Decides whether the build's shell understands what stdenv is written in. */
  public boolean hasBash() {
    return shell.filter(Shell::isBash).isPresent();
  }

  /**
   * Checks that the sandbox shows the build's shell when that is {@code /bin/sh}.
   *
   * @throws Failure when it does not
   */
  public void requireShell(SandboxRequest sandbox) {
    boolean system = shell.map(Shell::path).filter(Shell.SYSTEM::equals).isPresent();
    if (system
        && sandbox.build().shell().isEmpty()
        && sandbox.view().paths().stream().noneMatch(path -> path.target().equals(Shell.SYSTEM))) {
      throw new Failure(
          "cannot start a shell",
          "the builder is " + Shell.SYSTEM + ", and Nix's sandbox-paths do not have it here",
          "--sandbox-path " + Shell.SYSTEM + "=FILE");
    }
  }

  /** Returns the variables as {@code execve} takes them. */
  static List<ByteString> strings(Map<ByteString, ByteString> variables) {
    List<ByteString> strings = new ArrayList<>();
    variables.forEach((name, value) -> strings.add(name.plus("=").plus(value)));
    return strings;
  }
}
