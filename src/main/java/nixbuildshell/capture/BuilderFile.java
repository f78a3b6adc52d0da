package nixbuildshell.capture;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;
import nixbuildshell.ByteString;
import nixbuildshell.store.Derivation;
import nixbuildshell.store.NixHash;
import nixbuildshell.store.StructuredAttributes;

/**
 * Describes a file that Nix puts into the build directory before the builder starts. The derivation
 * tells what is in it, so it can be made again where the kept file cannot be read. The files of
 * {@code exportReferencesGraph} cannot: their content is in Nix's database.
 *
 * @param name in the build directory
 * @param content as Nix writes it; the mode is 0644 and the owner the build user; empty when the
 *     kept file alone tells
 * @param lacks what the derivation does not tell, for a message; empty when the file is complete
 */
public record BuilderFile(String name, Optional<ByteString> content, String lacks) {
  static final String JSON = ".attrs.json";
  static final String SHELL = ".attrs.sh";

  /** Returns the files that a derivation's builder finds. */
  static List<BuilderFile> of(Derivation derivation) {
    if (derivation.hasStructuredAttributes()) {
      return StructuredAttributes.of(derivation).map(BuilderFile::of).orElse(List.of());
    }
    List<BuilderFile> files = new ArrayList<>(graphs(derivation));
    for (ByteString attribute : passedAsFiles(derivation.variable("passAsFile"))) {
      ByteString value = derivation.environment().get(attribute);
      if (value != null) {
        files.add(complete(nameOf(attribute), derivation.withOutputPaths(value)));
      }
    }
    return files;
  }

  private static List<BuilderFile> of(StructuredAttributes attributes) {
    String graphs = String.join(", ", attributes.graphs());
    String lacks = graphs.isEmpty() ? "" : "the path infos of exportReferencesGraph: " + graphs;
    return List.of(
        complete(SHELL, attributes.shell()),
        new BuilderFile(JSON, Optional.of(attributes.json()), lacks));
  }

  private static BuilderFile complete(String name, ByteString content) {
    return new BuilderFile(name, Optional.of(content), "");
  }

  /** Returns a file that the kept directory alone has. */
  static BuilderFile kept(String name) {
    return new BuilderFile(name, Optional.empty(), "its content");
  }

  /** Returns the files of {@code exportReferencesGraph}, a list of file names and store paths. */
  private static List<BuilderFile> graphs(Derivation derivation) {
    List<ByteString> words = derivation.strings("exportReferencesGraph");
    return IntStream.range(0, words.size())
        .filter(i -> i % 2 == 0)
        .mapToObj(i -> words.get(i).latin1())
        .filter(name -> name.indexOf('/') < 0)
        .map(BuilderFile::kept)
        .toList();
  }

  /** Returns the name of the file that holds an attribute's value, by {@code passAsFile}. */
  public static String nameOf(ByteString attribute) {
    return ".attr-" + NixHash.of(attribute.bytes());
  }

  /** Returns the attributes that {@code passAsFile} names. */
  static Set<ByteString> passedAsFiles(Optional<ByteString> passAsFile) {
    return Set.copyOf(passAsFile.map(ByteString::words).orElse(List.of()));
  }

  /**
   * Returns the names of the files that a builder with some variables found.
   *
   * @param variable returns the value of a variable, if it is set
   */
  static List<String> namesFor(Function<String, Optional<ByteString>> variable) {
    return variable.apply("NIX_ATTRS_SH_FILE").isPresent()
        ? List.of(SHELL, JSON)
        : passedAsFiles(variable.apply("passAsFile")).stream().map(BuilderFile::nameOf).toList();
  }
}
