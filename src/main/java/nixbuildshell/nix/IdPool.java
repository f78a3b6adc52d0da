package nixbuildshell.nix;

import java.util.OptionalLong;
import nixbuildshell.ByteString;

/**
 * Describes the ids that Nix allots to builds by itself (nix.conf(5), {@code auto-allocate-uids}),
 * in slots of as many as a build with {@code uid-range} has.
 *
 * @param start the first id, Nix's setting {@code start-id}
 * @param count the number of ids, Nix's setting {@code id-count}
 */
public record IdPool(long start, long count) {
  /** The number of ids in a slot, Nix's maxIdsPerBuild (user-lock.hh). */
  public static final int SLOT = 65536;

  /** Nix's own defaults on Linux (globals.hh). */
  private static final IdPool BY_DEFAULT = new IdPool(0x34000000L, SLOT * 128L);

  /** The last id: the next one means "no change" to {@code chown(2)}. */
  private static final long LAST = 0xFFFFFFFEL;

  /** Returns the pool of these settings; values that Nix would refuse count as not set. */
  public static IdPool of(NixSettings nix) {
    long start = number(nix, "start-id").orElse(BY_DEFAULT.start);
    long count = number(nix, "id-count").orElse(BY_DEFAULT.count);
    return start < SLOT || count % SLOT != 0 || count > LAST - start
        ? BY_DEFAULT
        : new IdPool(start, count);
  }

  private static OptionalLong number(NixSettings nix, String name) {
    return nix.get(name).map(ByteString::latin1).stream()
        .filter(value -> value.matches("[0-9]{1,10}"))
        .mapToLong(Long::parseLong)
        .findFirst();
  }

  public boolean has(long id) {
    return id >= start && id - start < count;
  }

  public int slots() {
    return (int) (count / SLOT);
  }

  /** Returns the slot of an id in the pool, from 0. */
  public int slotOf(long id) {
    return (int) ((id - start) / SLOT);
  }

  /** Returns the first id of a slot. */
  public long first(int slot) {
    return start + (long) slot * SLOT;
  }
}
