package nixbuildshell.nix;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import nixbuildshell.nix.NixProgram.Unanswered;

/**
 * Holds the version of a Nix, as {@code --version} prints it: "nix (Nix) 2.34.1", "nix (Lix, like
 * Nix) 2.94.0", "nix (Determinate Nix 3.8.0) 2.30.1".
 *
 * @param lix whether it is Lix, which counts on from 2.90 and lacks what Nix has had since
 */
public record NixVersion(boolean lix, int major, int minor) {
  private static final Pattern FORM =
      Pattern.compile("[^ ]+ \\(([^)]*)\\) ([0-9]{1,4})\\.([0-9]{1,4})(?![0-9]).*");

  /** Asks one of Nix's programs; empty when its version has another form. */
  public static Optional<NixVersion> of(NixProgram program) throws Unanswered {
    return program
        .run(List.of("--version"))
        .latin1()
        .lines()
        .findFirst()
        .flatMap(NixVersion::parse);
  }

  static Optional<NixVersion> parse(String line) {
    Matcher matcher = FORM.matcher(line);
    return matcher.matches()
        ? Optional.of(
            new NixVersion(
                matcher.group(1).startsWith("Lix"),
                Integer.parseInt(matcher.group(2)),
                Integer.parseInt(matcher.group(3))))
        : Optional.empty();
  }

  /** Decides whether it is this version or a later one. */
  public boolean isAtLeast(int wantedMajor, int wantedMinor) {
    return major > wantedMajor || major == wantedMajor && minor >= wantedMinor;
  }
}
