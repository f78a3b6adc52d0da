package nixbuildshell.enter;

import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.sandbox.BinSh;
import nixbuildshell.sandbox.Network;

/**
 * Says what the caller asks for when entering a build.
 *
 * @param directory the kept build directory, or a session's
 * @param command the command and its arguments; empty for an interactive shell
 * @param derivation {@code --drv}
 * @param store {@code --store}
 * @param workDirectory {@code --work-dir}
 * @param network {@code --network}; empty for that of the build
 * @param binSh {@code --bin-sh}; empty for the default
 * @param sandboxPaths {@code --sandbox-path}
 * @param packages {@code --with}
 * @param builder {@code --builder}: run the original builder
 * @param explain print the plan and run nothing
 * @param task what to do instead of a command or a shell
 * @param quiet {@code --quiet}: no greeting
 * @param verbosity how often {@code -v} was given
 */
public record Options(
    ByteString directory,
    List<ByteString> command,
    Optional<ByteString> derivation,
    Optional<ByteString> store,
    Optional<ByteString> workDirectory,
    Optional<Network> network,
    Optional<BinSh> binSh,
    List<ByteString> sandboxPaths,
    List<ByteString> packages,
    boolean builder,
    boolean explain,
    Optional<Task> task,
    boolean quiet,
    int verbosity) {
  /** Says what a subcommand does with a build. */
  public sealed interface Task {}

  /**
   * Runs a phase again.
   *
   * @param phase empty for the phase that failed
   * @param trace whether to show each command
   * @param json whether stdout is a report in JSON alone
   */
  public record Retry(Optional<ByteString> phase, boolean trace, boolean json) implements Task {}

  /** Prints the path of the build directory of a session, and makes the session if need be. */
  public record ShowPath() implements Task {}

  /**
   * Returns the same options for another DIR.
   *
   * @param named with one byte in each char; empty for the same DIR
   */
  public Options in(Optional<String> named) {
    return new Options(
        named.map(ByteString::new).orElse(directory),
        command,
        derivation,
        store,
        workDirectory,
        network,
        binSh,
        sandboxPaths,
        packages,
        builder,
        explain,
        task,
        quiet,
        verbosity);
  }

  /** Returns the same options for another DIR, of a derivation that is known where it is given. */
  public Options in(ByteString other, Optional<ByteString> ofDerivation) {
    return new Options(
        other,
        command,
        ofDerivation,
        store,
        workDirectory,
        network,
        binSh,
        sandboxPaths,
        packages,
        builder,
        explain,
        task,
        quiet,
        verbosity);
  }

  /** Returns the same options for a task. */
  public Options with(Task other) {
    return new Options(
        directory,
        command,
        derivation,
        store,
        workDirectory,
        network,
        binSh,
        sandboxPaths,
        packages,
        builder,
        explain,
        Optional.of(other),
        quiet,
        verbosity);
  }
}
