package nixbuildshell.nix;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.function.LongPredicate;

/**
 * To whom a directory can belong that Nix kept: a user whom it builds as, root, or with a Nix of
 * one's own the caller. Anybody else made it himself.
 */
public record BuildOwners(Set<Long> users, IdPool allotted) implements LongPredicate {

  /**
   * Reads who they are.
   *
   * @param caller the user who runs the tool
   * @param etc where the accounts are
   */
  public static BuildOwners read(long caller, Path etc, Configuration nix) {
    Set<Long> users = new HashSet<>(Set.of(0L));
    users.add(caller);
    BuildUsers.read(etc).ifPresent(build -> users.addAll(build.uids()));
    return new BuildOwners(users, IdPool.of(nix));
  }

  @Override
  public boolean test(long owner) {
    return users.contains(owner) || allotted.has(owner);
  }
}
