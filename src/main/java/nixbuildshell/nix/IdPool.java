package nixbuildshell.nix;

import java.util.OptionalLong;
import nixbuildshell.ByteString;

/**
 * The ids that Nix allots to builds by itself (nix.conf(5), {@code auto-allocate-uids}), in slots
 * of as many as a build with {@code uid-range} has.
 *
 * @param start the first id, setting {@code start-id}
 * @param count how many there are, setting {@code id-count}
 */
public record IdPool(long start, long count) {
  /** The ids of a slot, Nix's maxIdsPerBuild (user-lock.hh). */
  public static final int SLOT = 65536;

  /** What Nix takes on Linux (globals.hh). */
  private static final IdPool BY_DEFAULT = new IdPool(0x34000000L, SLOT * 128L);

  /** Below are the users of people, above is what {@code chown(2)} takes for "no change". */
  private static final long LAST = 0xFFFFFFFEL;

  /** The pool of these settings; values that Nix would refuse are as if not set. */
  public static IdPool of(NixSettings nix) {
    long start = number(nix, "start-id").orElse(BY_DEFAULT.start);
    long count = number(nix, "id-count").orElse(BY_DEFAULT.count);
    return start < SLOT || count % SLOT != 0 || count > LAST - start
        ? BY_DEFAULT
        : new IdPool(start, count);
  }

  private static OptionalLong number(NixSettings nix, String name) {
    return nix.get(name)
        .map(ByteString::latin1)
        .filter(value -> value.matches("[0-9]{1,10}"))
        .map(value -> OptionalLong.of(Long.parseLong(value)))
        .orElse(OptionalLong.empty());
  }

  public boolean has(long id) {
    return id >= start && id - start < count;
  }

  public int slots() {
    return (int) (count / SLOT);
  }

  /** The slot that an id of the pool is in. */
  public int slotOf(long id) {
    return (int) ((id - start) / SLOT);
  }

  /** The first id of a slot. */
  public long first(int slot) {
    return start + (long) slot * SLOT;
  }
}
