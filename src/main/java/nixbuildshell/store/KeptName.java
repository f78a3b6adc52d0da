package nixbuildshell.store;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import nixbuildshell.ByteString;

/**
 * Knows how Nix names the directories that it keeps ({@code createTempDir} and {@code startBuilder}
 * in its sources): {@code nix-build-NAME.drv-N}, since 2.32 {@code nix-PID-RANDOM}; in Lix since
 * 2.94 26 characters of base 32. From 2.22 on the build directory is {@link #inner} in such a
 * directory.
 *
 * @param text the whole name
 * @param derivation the derivation's name, without {@code .drv}; empty when the name lacks it
 * @param worker the PID in the name; empty when the name lacks it
 */
public record KeptName(ByteString text, Optional<String> derivation, Optional<Long> worker) {
  /** The name of the build directory in a directory of Nix's newer layout. */
  public static final String INNER = "build";

  /** The same in Lix (local-derivation-goal.cc). */
  private static final String INNER_OF_LIX = "b";

  private static final String OF_LIX = "[0-9a-df-np-sv-z]{26}";

  private static final Pattern FORM =
      Pattern.compile("nix-build-(.+)\\.drv-[0-9]+(?:-[0-9]+)?|nix-([0-9]{1,18})-[0-9]+|" + OF_LIX);

  private static final Pattern PLACE = Pattern.compile("nix-builds-[0-9]+-" + OF_LIX);

  /** Parses a directory's name; empty when Nix gives no such name. */
  public static Optional<KeptName> of(ByteString name) {
    Matcher matcher = FORM.matcher(name.latin1());
    if (!matcher.matches()) {
      return Optional.empty();
    }
    Optional<String> derivation = Optional.ofNullable(matcher.group(1));
    return derivation.map(StorePath::isName).orElse(true)
        ? Optional.of(
            new KeptName(
                name, derivation, Optional.ofNullable(matcher.group(2)).map(Long::valueOf)))
        : Optional.empty();
  }

  /**
   * Decides whether this names a place of kept directories that Lix makes in /tmp where it may not
   * write to its own.
   */
  public static boolean isPlace(ByteString name) {
    return PLACE.matcher(name.latin1()).matches();
  }

  /** Decides whether Lix gives such a name. */
  public boolean isLix() {
    return derivation.isEmpty() && worker.isEmpty();
  }

  /**
   * Decides whether Nix gives such a name only since it nests the build directory of a sandbox. Up
   * to 2.29 the name was that of older versions, which do not nest.
   */
  public boolean isNestedInSandbox() {
    return !isLix() && (worker.isPresent() || text.latin1().matches(".*\\.drv-[0-9]+-[0-9]+"));
  }

  /** Returns the name of the build directory in a directory of this name. */
  public String inner() {
    return isLix() ? INNER_OF_LIX : INNER;
  }

  /** Parses the last name of a path; where that is {@link #inner}, the name before it. */
  public static Optional<KeptName> at(ByteString path) {
    String[] names = path.latin1().split("/", -1);
    int last = names.length - 1;
    return Optional.of(last)
        .filter(number -> number > 0)
        .flatMap(number -> of(new ByteString(names[number - 1])))
        .filter(outer -> outer.inner().equals(names[last]))
        .or(() -> of(new ByteString(names[last])));
  }
}
