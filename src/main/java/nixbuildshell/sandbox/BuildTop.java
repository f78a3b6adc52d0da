package nixbuildshell.sandbox;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.store.KeptName;

/**
 * Where the build directory of a build without a sandbox was, and is seen inside too, because the
 * files in it name that path. It comes from the kept directory, so that only what Nix itself makes
 * up passes ({@code getBuildDir} in Nix's sources): a path below {@code /tmp}, {@code
 * /nix/var/nix/builds} or the setting {@code build-dir}, with a {@link KeptName}.
 *
 * @param path absolute, of the characters of store paths, without {@code .} and {@code ..}, no name
 *     in it longer than a file's can be
 */
public record BuildTop(String path) {
  private static final List<String> BASES = List.of(OwnPaths.TMP, "/nix/var/nix/builds");
  private static final Pattern PLAIN =
      Pattern.compile("(/[A-Za-z0-9+_?=-][A-Za-z0-9+._?=-]{0,254})+");
  private static final int LONGEST = 1024;

  /**
   * Reads one.
   *
   * @param buildDirectory Nix's setting {@code build-dir}
   * @return empty when it is not of that form, or would lie over what the sandbox has there
   */
  public static Optional<BuildTop> of(ByteString path, Optional<ByteString> buildDirectory) {
    String text = path.latin1();
    boolean fits =
        text.length() <= LONGEST
            && PLAIN.matcher(text).matches()
            && KeptName.at(path).isPresent()
            && (BASES.stream().anyMatch(base -> OwnPaths.isBelow(text, base))
                || buildDirectory
                    .filter(
                        base -> OwnPaths.isBelow(text, base.latin1()) && !isTaken(base.latin1()))
                    .isPresent());
    return fits ? Optional.of(new BuildTop(text)) : Optional.empty();
  }

  private static boolean isTaken(String base) {
    return OwnPaths.top(base).isPresent() || (base + "/").startsWith("/nix/");
  }

  /**
   * Its names below {@code /tmp}, outermost first; empty when it is not there. They have to be made
   * beforehand, since the sandbox's {@code /tmp} is a directory of the session.
   */
  public List<ByteString> belowTmp() {
    return OwnPaths.isBelow(path, OwnPaths.TMP)
        ? List.of(path.substring(OwnPaths.TMP.length() + 1).split("/")).stream()
            .map(ByteString::of)
            .toList()
        : List.of();
  }

  /** The directories that lead to it in the root file system, parents first. */
  List<Entry> directories() {
    return belowTmp().isEmpty()
        ? Stream.concat(OwnPaths.parents(path).stream(), Stream.of(path))
            .<Entry>map(directory -> new Entry.Directory(directory, 0755))
            .toList()
        : List.of();
  }
}
