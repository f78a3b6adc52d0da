package nixbuildshell.capture;

import java.util.ArrayList;
import java.util.List;
import nixbuildshell.ByteString;
import nixbuildshell.store.Derivation;

/**
 * Describes what a derivation asks of its build, for a caller who runs a part of it again.
 *
 * @param command the builder's program and its arguments
 * @param files the names of the files that Nix puts into the build directory
 * @param checks what Nix checks of the outputs afterwards, by the names of the attributes
 * @param structured whether the attributes are structured
 */
public record Recipe(
    List<ByteString> command, List<String> files, List<String> checks, boolean structured) {
  public Recipe {
    command = List.copyOf(command);
    files = List.copyOf(files);
    checks = List.copyOf(checks);
  }

  /** Reads the recipe of a derivation. */
  public static Recipe of(Derivation derivation) {
    List<ByteString> command = new ArrayList<>(List.of(derivation.builder()));
    derivation.arguments().forEach(argument -> command.add(derivation.withOutputPaths(argument)));
    return new Recipe(
        command,
        BuilderFile.of(derivation).stream().map(BuilderFile::name).toList(),
        derivation.checks(),
        derivation.hasStructuredAttributes());
  }
}
