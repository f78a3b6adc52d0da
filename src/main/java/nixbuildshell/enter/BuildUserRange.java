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
 * Chooses the user of a build with {@code uid-range}: root of a slot of the users that Nix allots
 * by itself. As Nix does (user-lock.cc), the slot is locked, in a pool of its own; an id that has
 * an account is refused.
 *
 * @param what fails when there is none: "cannot enter DIR"
 */
record BuildUserRange(Caller caller, FileSystem files, IdPool pool, String what) {
  static BuildUserRange of(Caller caller, FileSystem files, ByteString directory) {
    IdPool pool = IdPool.of(caller.settings());
    return new BuildUserRange(caller, files, pool, "cannot enter " + directory);
  }

  /**
   * Chooses the slot that the kept directory belongs to; for a copy of one, which has an ordinary
   * owner, the first that is free.
   *
   * @param kept the status of the build directory
   * @throws Failure when there is none, or this is an ordinary user
   */
  BuildUser choose(Status kept) {
    requireRoot();
    if (pool.has(kept.uid())) {
      return taken(pool.slotOf(kept.uid()));
    }
    if (kept.uid() != 0 && caller.accounts().primaryGroup(kept.uid()).isEmpty()) {
      throw failure(
          "it belongs to user "
              + kept.uid()
              + ", who has no account, and whom Nix does not allot: "
              + range(pool.start(), pool.count())
              + " (settings start-id and id-count)",
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
                    "builds that are running now or accounts have all that Nix allots: "
                        + range(pool.start(), pool.count()),
                    "wait for a build to end"));
  }

  /** Returns the user of a session once more. */
  BuildUser again(long first) {
    requireRoot();
    if (!pool.has(first) || pool.first(pool.slotOf(first)) != first) {
      throw failure(
          "it has the "
              + range(first, IdPool.SLOT)
              + ", and Nix allots the "
              + range(pool.start(), pool.count())
              + " now",
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
    Optional<String> clash = clash(slot);
    if (clash.isPresent()) {
      throw failure(
          clash.get()
              + " has one of the "
              + range(pool.first(slot), IdPool.SLOT)
              + ", of whom a build is root",
          "give the account another id, or set Nix's start-id");
    }
    return lock(slot)
        .orElseThrow(
            () ->
                failure(
                    "a build that is running now uses the "
                        + range(pool.first(slot), IdPool.SLOT)
                        + ", whose files it has",
                    "wait for the build to end"));
  }

  private Optional<String> clash(int slot) {
    return caller.accounts().within(pool.first(slot), IdPool.SLOT);
  }

  /** Empty when a build has it. */
  private Optional<BuildUser> lock(int slot) {
    return BuildUserLock.ofSlot(files, slot)
        .map(lock -> new BuildUser(Identity.range(pool.first(slot)), lock));
  }

  private static String range(long first, long count) {
    return "users " + first + " to " + (first + count - 1);
  }

  private Failure failure(String why, String remedy) {
    return new Failure(what, why, remedy);
  }
}
