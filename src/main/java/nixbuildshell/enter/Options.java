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
 * @param builder {@code --builder}: run the original builder
 * @param explain print the plan and run nothing
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
    boolean builder,
    boolean explain,
    int verbosity) {}
