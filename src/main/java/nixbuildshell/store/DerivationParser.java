package nixbuildshell.store;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.Malformed;

/**
 * Reads the ATerm form of a derivation, {@code Derive(…)}, and the newer {@code
 * DrvWithVersion("xp-dyn-drv",…)}, whose inputs can be terms of any depth (Nix's manual,
 * protocols/derivation-aterm).
 */
final class DerivationParser {
  private final StoreDirectory store;
  private final DerivationText text;

  private DerivationParser(StoreDirectory store, byte[] bytes) {
    this.store = store;
    this.text = new DerivationText(store, bytes, 0);
  }

  /**
   * Parses a file, apart from its inputs.
   *
   * @param store the store that the file lies in
   * @throws Malformed that names the byte's offset
   */
  static Derivation parse(StoreDirectory store, byte[] drv) throws Malformed {
    return new DerivationParser(store, drv).derivation();
  }

  private Derivation derivation() throws Malformed {
    if (text.next("DrvWithVersion(")) {
      text.string();
      text.expect(",");
    } else {
      text.expect("Derive(");
    }
    Map<String, Derivation.Output> outputs = new LinkedHashMap<>();
    text.list(() -> output(outputs));
    text.expect(",");
    DerivationInputs inputs = inputs();
    text.expect(",");
    ByteString system = text.string();
    text.expect(",");
    ByteString builder = text.string();
    text.expect(",");
    List<ByteString> arguments = text.strings();
    text.expect(",");
    Map<ByteString, ByteString> environment = new LinkedHashMap<>();
    text.list(() -> variable(environment));
    text.expect(")");
    if (!text.isAtEnd()) {
      throw text.malformed("something after the derivation");
    }
    return new Derivation(store, outputs, inputs, system, builder, arguments, environment);
  }

  private void output(Map<String, Derivation.Output> outputs) throws Malformed {
    text.expect("(");
    String name = text.outputName();
    text.expect(",");
    ByteString path = text.string();
    text.expect(",");
    ByteString hashAlgorithm = text.string();
    text.expect(",");
    ByteString hash = text.string();
    text.expect(")");
    Optional<StorePath> known =
        path.isEmpty() ? Optional.empty() : Optional.of(text.storePath(path));
    outputs.put(name, new Derivation.Output(known, hashAlgorithm, hash));
  }

  private DerivationInputs inputs() throws Malformed {
    int start = text.at();
    text.skipList();
    text.expect(",");
    text.skipList();
    return new DerivationInputs(store, text.since(start), start);
  }

  private void variable(Map<ByteString, ByteString> environment) throws Malformed {
    text.expect("(");
    ByteString name = text.string();
    if (name.isEmpty() || name.latin1().indexOf('=') >= 0) {
      throw text.malformed("a variable's name that is empty or has a '='");
    }
    text.expect(",");
    environment.put(name, text.string());
    text.expect(")");
  }
}
