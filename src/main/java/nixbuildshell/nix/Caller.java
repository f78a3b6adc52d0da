package nixbuildshell.nix;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongPredicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import nixbuildshell.ByteString;

/**
 * Holds all that comes from outside, read once per run: who runs the tool, and where.
 *
 * @param variables the environment variables that have a value
 * @param terminals those of the descriptors 0, 1 and 2 that are terminals
 * @param etc the directory of {@code passwd}, {@code group} and {@code nix/nix.conf}
 * @param uid the effective user id
 * @param gid the effective group id
 * @param storeOwner the owner of {@code /nix/store}; root where there is none
 * @param daemonSettings what {@code nix.conf} says, all that Nix's daemon knows of
 * @param settings the same with the caller's {@code NIX_CONFIG} over it
 */
public record Caller(
    Map<String, ByteString> variables,
    Set<Integer> terminals,
    Path etc,
    long uid,
    long gid,
    long storeOwner,
    NixSettings daemonSettings,
    NixSettings settings) {

  /** Where a sandbox has its build directory without a setting. */
  public static final String BUILD = "/build";

  /** A path of plain names that is not, and does not hold, what a sandbox has of its own. */
  private static final Pattern BUILD_DIRECTORY =
      Pattern.compile(
          "(?!/(?:bin|dev|etc|nix|proc|sys|tmp)(?:/|$))(/[A-Za-z0-9+_=-][A-Za-z0-9+._=-]{0,99}){1,9}");

  public Caller {
    variables = Map.copyOf(variables);
    terminals = Set.copyOf(terminals);
  }

  /** Reads the settings that belong to a caller. */
  public static Caller of(
      Map<String, ByteString> variables,
      Set<Integer> terminals,
      Path etc,
      long uid,
      long gid,
      long storeOwner) {
    NixSettings file = NixSettings.read(etc.resolve("nix/nix.conf"));
    NixSettings all = file.plus(Optional.ofNullable(variables.get("NIX_CONFIG")));
    return new Caller(variables, terminals, etc, uid, gid, storeOwner, file, all);
  }

  /** Returns the value of an environment variable; empty when it is unset or has no value. */
  public Optional<ByteString> environment(String name) {
    return Optional.ofNullable(variables.get(name));
  }

  /**
   * Returns where a sandbox has its build directory: Nix's setting {@code sandbox-build-dir}, or
   * {@link #BUILD} where that is not set or a sandbox cannot have it there.
   */
  public String sandboxBuildDirectory() {
    return settings
        .get("sandbox-build-dir")
        .filter(Caller::isBuildDirectory)
        .map(ByteString::latin1)
        .orElse(BUILD);
  }

  /** Returns Nix's setting {@code sandbox}, by any of its names: true, false or relaxed. */
  public String sandboxSetting() {
    return Stream.of("sandbox", "build-use-sandbox", "build-use-chroot")
        .flatMap(name -> settings.get(name).stream())
        .findFirst()
        .map(ByteString::latin1)
        .orElse("true");
  }

  /** Returns the setting {@code sandbox-build-dir} where a sandbox cannot follow it. */
  public Optional<ByteString> ignoredBuildDirectory() {
    return settings.get("sandbox-build-dir").filter(path -> !isBuildDirectory(path));
  }

  private static boolean isBuildDirectory(ByteString path) {
    return BUILD_DIRECTORY.matcher(path.latin1()).matches();
  }

  /** Decides whether a descriptor is a terminal. */
  public boolean hasTerminal(int descriptor) {
    return terminals.contains(descriptor);
  }

  public boolean isRoot() {
    return uid == 0;
  }

  /** Returns the users and groups of this host. */
  public Accounts accounts() {
    return new Accounts(etc);
  }

  /**
   * Returns a test for the owner of a directory that Nix could have left for the caller. That is
   * root, a build user, an id that Nix allots, or the caller; and the user or a subuid of a daemon
   * without root ({@code nix-nswrapper}).
   */
  public LongPredicate buildOwners() {
    List<Long> users = accounts().buildUsers().map(Accounts.BuildUsers::uids).orElse(List.of());
    IdPool allotted = IdPool.of(settings);
    return owner ->
        owner == 0
            || owner == uid
            || users.contains(owner)
            || allotted.has(owner)
            || isOfUnprivilegedDaemon(owner);
  }

  /**
   * Decides whether an id is that of a daemon without root or one of its build users. The daemon's
   * user owns the store, and so can make any path of it; root's own subuids are other programs'.
   */
  public boolean isOfUnprivilegedDaemon(long id) {
    return storeOwner != 0 && (id == storeOwner || accounts().isSubordinate(id, storeOwner));
  }
}
