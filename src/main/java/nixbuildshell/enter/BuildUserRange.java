package nixbuildshell.enter;

import java.util.Optional;
import java.util.stream.IntStream;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.Status;
import nixbuildshell.nix.BuildUserLock;
import nixbuildshell.nix.Caller;
import nixbuildshell.nix.IdPool;
import nixbuildshell.sandbox.Identity;

/**
 * Chooses the user of a build with {@code uid-range}: root of a slot of the ids that Nix allots. As
 * Nix does (user-lock.cc), it locks the slot and refuses ids that accounts have.
 *
 * @param what the beginning of its failures: "cannot enter DIR"
 */
record BuildUserRange(Caller caller, FileSystem files, IdPool pool, String what) {
  static BuildUserRange of(Caller caller, FileSystem files, ByteString directory) {
    IdPool pool = IdPool.of(caller.settings());
    return new BuildUserRange(caller, files, pool, "cannot enter " + directory);
  }

  /**
   * Chooses the slot of the kept directory's owner, or the first free slot for a copy with an
   * ordinary owner.
   *
   * @param kept the status of the build directory
   * @throws Failure when there is none, or the caller is not root
   */
  BuildUser choose(Status kept) {
    requireRoot();
    long owner = kept.uid();
    if (pool.has(owner)) {
      return taken(pool.slotOf(owner));
    }
    if (owner != 0 && caller.accounts().primaryGroup(owner).isEmpty()) {
      throw failure(
          "it belongs to user "
              + owner
              + ", which has no account and is not among the "
              + users(pool.start(), pool.count())
              + " that Nix allots (settings start-id and id-count)",
          "give it to root, if the owners of the files in it do not matter");
    }
    return IntStream.range(0, pool.slots())
        .filter(slot -> clash(slot).isEmpty())
        .mapToObj(this::lock)
        .flatMap(Optional::stream)
        .findFirst()
        .orElseThrow(
            () ->
                failure(
                    "running builds and accounts have all of the "
                        + users(pool.start(), pool.count())
                        + " that Nix allots",
                    "wait for a build to end"));
  }

  /**
   * Returns the user of a session once more.
   *
   * @param first the first id that the session had
   */
  BuildUser again(long first) {
    requireRoot();
    if (!pool.has(first) || pool.first(pool.slotOf(first)) != first) {
      throw failure(
          "it has the "
              + users(first, IdPool.SLOT)
              + ", and Nix now allots the "
              + users(pool.start(), pool.count()),
          "set start-id and id-count as they were");
    }
    return taken(pool.slotOf(first));
  }

  private void requireRoot() {
    if (!caller.isRoot()) {
      throw failure(
          "its build was root of 65536 users of its own (requiredSystemFeatures has uid-range), and"
              + " an ordinary user can have a sandbox of one user only",
          "run nix-build-shell as root, or look at the files themselves");
    }
  }

  private BuildUser taken(int slot) {
    String users = users(pool.first(slot), IdPool.SLOT);
    Optional<String> clash = clash(slot);
    if (clash.isPresent()) {
      throw failure(
          clash.get() + " has an id of the " + users + ", which the sandbox would have as its own",
          "give the account another id, or set Nix's start-id");
    }
    return lock(slot)
        .orElseThrow(
            () ->
                failure(
                    "a build that is running now uses the " + users + ", the owners of its files",
                    "wait for the build to end"));
  }

  private Optional<String> clash(int slot) {
    return caller.accounts().within(pool.first(slot), IdPool.SLOT);
  }

  /** Returns the user of a slot; empty when a build has it. */
  private Optional<BuildUser> lock(int slot) {
    return BuildUserLock.ofSlot(files, slot)
        .map(lock -> new BuildUser(Identity.range(pool.first(slot)), lock));
  }

  private static String users(long first, long count) {
    return "users " + first + " to " + (first + count - 1);
  }

  private Failure failure(String why, String remedy) {
    return new Failure(what, why, remedy);
  }
}
