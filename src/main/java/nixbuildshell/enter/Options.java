package nixbuildshell.enter;

import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.sandbox.BinSh;
import nixbuildshell.sandbox.Network;
import nixbuildshell.sandbox.SandboxRequest;
import nixbuildshell.session.Session;
import nixbuildshell.shell.Start;
import nixbuildshell.store.EndOrder;

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
 * @param fresh to enter no failed build: {@code directory} names a derivation
 * @param order what Nix did first at the end of the build, where that was seen
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
    Optional<Fresh> fresh,
    EndOrder order,
    Optional<Task> task,
    boolean quiet,
    int verbosity) {
  /**
   * Asks for a build that has not begun.
   *
   * @param before the phase at whose start to stop; empty for the start of the builder
   * @param file the file of Nix's option {@code -f}
   */
  public record Fresh(Optional<ByteString> before, Optional<ByteString> file) {}

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

  /** Looks at a working copy, which is deleted afterwards. */
  record Look(Visitor visitor) implements Task {}

  /** Does something in a working copy, and returns the exit status. */
  interface Visitor {
    int visit(Visited visited);
  }

  /**
   * Holds a working copy to look at.
   *
   * @param start how commands start in the sandbox
   * @param directory the working directory where the phases have stopped, as seen from inside
   * @param launcher runs programs in the sandbox
   */
  record Visited(
      Session session,
      Start start,
      SandboxRequest sandbox,
      Optional<ByteString> directory,
      Launcher launcher) {}

  /**
   * Returns the same options for another DIR.
   *
   * @param named with one byte in each char; empty for the same DIR
   */
  public Options in(Optional<String> named) {
    return with(
        named.map(ByteString::new).orElse(directory), command, derivation, fresh, order, task);
  }

  /**
   * Returns the same options for another DIR, of a derivation that is known where it is given.
   *
   * @param seen as for {@link #order}
   */
  public Options in(ByteString other, Optional<ByteString> ofDerivation, EndOrder seen) {
    return with(other, command, ofDerivation, fresh, seen, task);
  }

  /** Returns the same options for a task. */
  public Options with(Task other) {
    return with(directory, command, derivation, fresh, order, Optional.of(other));
  }

  /** Returns the same options for a build that has not begun. */
  public Options with(Fresh asked, ByteString named, List<ByteString> words) {
    return with(named, words, derivation, Optional.of(asked), order, task);
  }

  /** Returns the same options for a derivation. */
  Options of(ByteString path) {
    return with(directory, command, Optional.of(path), fresh, order, task);
  }

  private Options with(
      ByteString place,
      List<ByteString> words,
      Optional<ByteString> path,
      Optional<Fresh> asked,
      EndOrder seen,
      Optional<Task> other) {
    return new Options(
        place,
        words,
        path,
        store,
        workDirectory,
        network,
        binSh,
        sandboxPaths,
        packages,
        builder,
        explain,
        asked,
        seen,
        other,
        quiet,
        verbosity);
  }
}
