package nixbuildshell.capture;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import nixbuildshell.ByteString;
import nixbuildshell.store.Derivation;
import nixbuildshell.store.NixHash;
import nixbuildshell.store.StructuredAttributes;

/**
 * A file that Nix puts into the build directory before the builder starts. They can be made again
 * from the derivation, where the kept ones cannot be read; but for the files of {@code
 * exportReferencesGraph}, whose content is in Nix's database.
 *
 * @param name in the build directory
 * @param content as Nix writes it; its mode is 0644 and its owner the builder
 * @param lacks for people: what of it the derivation does not tell; empty when it is complete
 */
public record BuilderFile(String name, ByteString content, String lacks) {
  static final String JSON = ".attrs.json";
  static final String SHELL = ".attrs.sh";

  /** All that a derivation's builder finds. */
  static List<BuilderFile> of(Derivation derivation) {
    if (derivation.hasStructuredAttributes()) {
      return StructuredAttributes.of(derivation).map(BuilderFile::of).orElse(List.of());
    }
    List<BuilderFile> files = new ArrayList<>();
    for (ByteString attribute : passedAsFiles(derivation.variable("passAsFile"))) {
      ByteString value = derivation.environment().get(attribute);
      if (value != null) {
        files.add(new BuilderFile(nameOf(attribute), derivation.withOutputPaths(value), ""));
      }
    }
    return files;
  }

  private static List<BuilderFile> of(StructuredAttributes attributes) {
    String graphs = String.join(", ", attributes.graphs());
    String lacks = graphs.isEmpty() ? "" : "the path infos of exportReferencesGraph: " + graphs;
    return List.of(
        new BuilderFile(SHELL, attributes.shell(), ""),
        new BuilderFile(JSON, attributes.json(), lacks));
  }

  /** Where the value of an attribute goes that {@code passAsFile} names. */
  public static String nameOf(ByteString attribute) {
    return ".attr-" + NixHash.of(attribute.bytes());
  }

  /** The attributes that {@code passAsFile} names. */
  static Set<ByteString> passedAsFiles(Optional<ByteString> passAsFile) {
    return Set.copyOf(passAsFile.map(ByteString::words).orElse(List.of()));
  }

  /** What a builder with these variables must have found. */
  static List<String> namesFor(EnvVars env) {
    return env.get("NIX_ATTRS_SH_FILE").isPresent()
        ? List.of(SHELL, JSON)
        : passedAsFiles(env.get("passAsFile")).stream().map(BuilderFile::nameOf).toList();
  }
}
