package nixbuildshell.store;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import nixbuildshell.ByteString;
import nixbuildshell.Malformed;

/**
 * Reads the ATerm form of a derivation, {@code Derive(…)}, and the newer {@code
 * DrvWithVersion("xp-dyn-drv",…)}, whose inputs can be terms of any depth. Nix's manual:
 * protocols/derivation-aterm.
 */
public final class DerivationParser {
  private final StoreDirectory store;
  private final String text;
  private int at;
  private boolean dynamicInputs;

  private DerivationParser(StoreDirectory store, String text) {
    this.store = store;
    this.text = text;
  }

  /**
   * Parses a file.
   *
   * @param store that it lies in
   * @throws Malformed with the byte's offset
   */
  public static Derivation parse(StoreDirectory store, byte[] drv) throws Malformed {
    return new DerivationParser(store, ByteString.of(drv).latin1()).derivation();
  }

  private Derivation derivation() throws Malformed {
    if (next("DrvWithVersion(")) {
      string();
      expect(",");
    } else {
      expect("Derive(");
    }
    Map<String, Derivation.Output> outputs = outputs();
    expect(",");
    Map<StorePath, List<String>> inputDerivations = inputDerivations();
    expect(",");
    Set<StorePath> inputSources = new LinkedHashSet<>();
    for (ByteString path : strings()) {
      inputSources.add(storePath(path));
    }
    expect(",");
    ByteString system = string();
    expect(",");
    ByteString builder = string();
    expect(",");
    List<ByteString> arguments = strings();
    expect(",");
    Map<ByteString, ByteString> environment = environment();
    expect(")");
    if (at != text.length()) {
      throw malformed("something after the derivation");
    }
    return new Derivation(
        store,
        outputs,
        inputDerivations,
        dynamicInputs,
        inputSources,
        system,
        builder,
        arguments,
        environment);
  }

  private Map<String, Derivation.Output> outputs() throws Malformed {
    Map<String, Derivation.Output> outputs = new LinkedHashMap<>();
    expect("[");
    while (!endOfList(outputs.isEmpty())) {
      expect("(");
      String name = outputName(string());
      expect(",");
      ByteString path = string();
      expect(",");
      ByteString hashAlgorithm = string();
      expect(",");
      ByteString hash = string();
      expect(")");
      Optional<StorePath> known = path.isEmpty() ? Optional.empty() : Optional.of(storePath(path));
      outputs.put(name, new Derivation.Output(known, hashAlgorithm, hash));
    }
    return outputs;
  }

  private Map<StorePath, List<String>> inputDerivations() throws Malformed {
    Map<StorePath, List<String>> inputs = new LinkedHashMap<>();
    expect("[");
    while (!endOfList(inputs.isEmpty())) {
      expect("(");
      StorePath input = storePath(string());
      expect(",");
      boolean dynamic = next("(");
      List<String> outputs = new ArrayList<>();
      for (ByteString name : strings()) {
        outputs.add(outputName(name));
      }
      if (dynamic) {
        expect(",");
        dynamicInputs |= !text.startsWith("[]", at);
        skipList();
        expect(")");
      }
      expect(")");
      inputs.put(input, List.copyOf(outputs));
    }
    return inputs;
  }

  /** Skips a list of whatever terms, counting its depth, so that a deep one overflows nothing. */
  private void skipList() throws Malformed {
    expect("[");
    for (int depth = 1; depth > 0; ) {
      if (next("[") || next("(")) {
        depth++;
      } else if (next("]") || next(")")) {
        depth--;
      } else if (!next(",")) {
        string();
      }
    }
  }

  private Map<ByteString, ByteString> environment() throws Malformed {
    Map<ByteString, ByteString> environment = new LinkedHashMap<>();
    expect("[");
    while (!endOfList(environment.isEmpty())) {
      expect("(");
      ByteString name = string();
      if (name.isEmpty() || name.latin1().indexOf('=') >= 0) {
        throw malformed("a variable's name that is empty or has a '='");
      }
      expect(",");
      environment.put(name, string());
      expect(")");
    }
    return environment;
  }

  private List<ByteString> strings() throws Malformed {
    List<ByteString> strings = new ArrayList<>();
    expect("[");
    while (!endOfList(strings.isEmpty())) {
      strings.add(string());
    }
    return strings;
  }

  private ByteString string() throws Malformed {
    expect("\"");
    int start = at;
    StringBuilder value = new StringBuilder();
    while (at < text.length()) {
      char c = text.charAt(at++);
      switch (c) {
        case '"' -> {
          return new ByteString(value.toString());
        }
        case '\0' -> throw malformed("a NUL in a string");
        case '\\' -> value.append(unescaped());
        default -> value.append(c);
      }
    }
    at = start;
    throw malformed("a string without an end");
  }

  private char unescaped() throws Malformed {
    if (at == text.length()) {
      throw malformed("a string without an end");
    }
    char c = text.charAt(at++);
    return switch (c) {
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case '\0' -> throw malformed("a NUL in a string");
      default -> c;
    };
  }

  private boolean endOfList(boolean first) throws Malformed {
    if (next("]")) {
      return true;
    }
    if (!first) {
      expect(",");
    }
    return false;
  }

  private StorePath storePath(ByteString path) throws Malformed {
    try {
      return store.parse(path);
    } catch (Malformed e) {
      throw malformed("'" + path + "' is no store path (" + e.getMessage() + ")");
    }
  }

  private String outputName(ByteString name) throws Malformed {
    if (!StorePath.isName(name.latin1())) {
      throw malformed("'" + name + "' is no name of an output");
    }
    return name.latin1();
  }

  private boolean next(String token) {
    boolean there = text.startsWith(token, at);
    at += there ? token.length() : 0;
    return there;
  }

  private void expect(String token) throws Malformed {
    if (!next(token)) {
      throw malformed("expected '" + token + "'");
    }
  }

  private Malformed malformed(String what) {
    return new Malformed("byte " + at + ": " + what);
  }
}
