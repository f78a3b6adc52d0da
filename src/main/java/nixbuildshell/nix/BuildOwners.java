package nixbuildshell.nix;

import java.util.HashSet;
import java.util.Set;
import java.util.function.LongPredicate;

/**
 * To whom a directory can belong that Nix kept: a user whom it builds as, root, or with a Nix of
 * one's own the caller. Anybody else made it himself.
 */
public record BuildOwners(Set<Long> users, IdPool allotted) implements LongPredicate {

  /** Reads who they are. */
  public static BuildOwners of(Caller caller) {
    Set<Long> users = new HashSet<>(Set.of(0L));
    users.add(caller.uid());
    BuildUsers.read(caller.etc()).ifPresent(build -> users.addAll(build.uids()));
    return new BuildOwners(users, IdPool.of(caller.settings()));
  }

  @Override
  public boolean test(long owner) {
    return users.contains(owner) || allotted.has(owner);
  }
}
