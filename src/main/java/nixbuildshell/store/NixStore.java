package nixbuildshell.store;

import java.nio.file.Path;
import java.util.Optional;
import nixbuildshell.ByteString;

/**
 * A store of this machine, with what Nix keeps beside it ({@code LocalFSStoreConfig} in
 * local-fs-store.hh).
 *
 * @param real where the files of its store paths are; in a chroot store, {@code
 *     /some/root/nix/store}, that is not what they are called by
 * @param state {@code /nix/var/nix}
 * @param logs {@code /nix/var/log/nix}
 * @param uri what Nix's programs are to be told with {@code --store}; empty when they know
 */
public record NixStore(String real, String state, String logs, Optional<String> uri) {
  /** The one that Nix has when it is told nothing else. */
  public static final NixStore DEFAULT =
      new NixStore(LogicalStore.DEFAULT, "/nix/var/nix", "/nix/var/log/nix", Optional.empty());

  public StoreDirectory directory() {
    return new StoreDirectory(Path.of(real), uri);
  }

  public DerivationFinder finder() {
    return new DerivationFinder(directory(), new BuildLogs(Path.of(logs, "drvs")));
  }

  /** What a file of the host is called, when it lies in this store. */
  public ByteString logical(ByteString path) {
    ByteString start = ByteString.of(real + "/");
    return path.startsWith(start.latin1())
        ? ByteString.of(LogicalStore.directory() + "/")
            .plus(new ByteString(path.latin1().substring(start.length())))
        : path;
  }
}
