package nixbuildshell.sandbox;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.store.KeptName;

/**
 * Names the build directory of a build without a sandbox. It is there inside, because the files in
 * it name that path. An attacker can write it into the kept directory, so only a path that Nix
 * makes is accepted ({@code getBuildDir} in Nix's sources): one below {@code /tmp}, {@code
 * /nix/var/nix/builds}, Lix's {@code /nix/var/nix/b} or the setting {@code build-dir}, with a
 * {@link KeptName}.
 *
 * @param path an absolute path of the characters of store paths, without {@code .} and {@code ..};
 *     each name in it can be a file's name
 */
public record BuildTop(String path) {
  private static final List<String> BASES =
      List.of(OwnPaths.TMP, "/nix/var/nix/builds", "/nix/var/nix/b");
  private static final Pattern PLAIN =
      Pattern.compile("(/[A-Za-z0-9+_?=-][A-Za-z0-9+._?=-]{0,254})+");
  private static final int LONGEST = 1024;

  /**
   * Checks a path.
   *
   * @param buildDirectory Nix's setting {@code build-dir}
   * @return empty when the path has another form, or would hide a directory of the sandbox
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
   * Returns the names below {@code /tmp} that lead to the directory, outermost first; empty when it
   * is not there. They must exist before, since the sandbox's {@code /tmp} lies in the session.
   */
  public List<ByteString> belowTmp() {
    return OwnPaths.isBelow(path, OwnPaths.TMP)
        ? List.of(path.substring(OwnPaths.TMP.length() + 1).split("/")).stream()
            .map(ByteString::of)
            .toList()
        : List.of();
  }

  /** Returns the directories that lead to it in the root file system, parents first. */
  List<Entry> directories() {
    return belowTmp().isEmpty()
        ? Stream.concat(OwnPaths.parents(path).stream(), Stream.of(path))
            .<Entry>map(directory -> new Entry.Directory(directory, 0755))
            .toList()
        : List.of();
  }
}
