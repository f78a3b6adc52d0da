package nixbuildshell.store;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import nixbuildshell.ByteString;

/**
 * Knows how Nix names the directories that it keeps ({@code createTempDir} and {@code startBuilder}
 * in its sources): {@code nix-build-NAME.drv-N}, since 2.32 {@code nix-PID-RANDOM}. From 2.22 on
 * the build directory is {@link #INNER} in such a directory.
 *
 * @param text the whole name
 * @param derivation the derivation's name, without {@code .drv}; empty when the name lacks it
 * @param worker the PID in the name; empty when the name lacks it
 */
public record KeptName(ByteString text, Optional<String> derivation, Optional<Long> worker) {
  /** The name of the build directory in the newer layout. */
  public static final String INNER = "build";

  private static final Pattern FORM =
      Pattern.compile("nix-build-(.+)\\.drv-[0-9]+(?:-[0-9]+)?|nix-([0-9]{1,18})-[0-9]+");

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

  /** Parses the last name of a path; where that is {@link #INNER}, the name before it. */
  public static Optional<KeptName> at(ByteString path) {
    String[] names = path.latin1().split("/", -1);
    int last = names.length - 1;
    return of(new ByteString(names[last > 0 && names[last].equals(INNER) ? last - 1 : last]));
  }
}
