package nixbuildshell.cli;

import java.nio.file.Path;
import java.util.function.LongPredicate;
import nixbuildshell.nix.BuildUsers;
import nixbuildshell.nix.Configuration;
import nixbuildshell.nix.IdPool;

/**
 * To whom a directory can belong that Nix kept: a user whom it builds as, root, or with a Nix of
 * one's own the caller. Anybody else made it himself.
 *
 * @param caller the user who runs the tool
 * @param etc where the accounts are
 */
record BuildOwners(long caller, Path etc) implements LongPredicate {
  @Override
  public boolean test(long owner) {
    return owner == 0
        || owner == caller
        || BuildUsers.read(etc).filter(users -> users.uids().contains(owner)).isPresent()
        || IdPool.of(Configuration.ofHost(ProcessBytes.environment("NIX_CONFIG"))).has(owner);
  }
}
