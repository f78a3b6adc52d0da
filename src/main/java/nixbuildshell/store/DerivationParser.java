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
 * DrvWithVersion("xp-dyn-drv",…)}, whose inputs can be terms of any depth (Nix's manual,
 * protocols/derivation-aterm).
 */
final class DerivationParser {
  private final StoreDirectory store;
  private final byte[] bytes;
  private final String text;

  /** The quote and the directory that a plain store path begins with. */
  private final String plainStart;

  private int at;
  private boolean dynamicInputs;

  private DerivationParser(StoreDirectory store, byte[] bytes) {
    this.store = store;
    this.bytes = bytes;
    this.text = ByteString.of(bytes).latin1();
    this.plainStart = '"' + store.path() + '/';
  }

  /**
   * Parses a file.
   *
   * @param store the store that the file lies in
   * @throws Malformed that names the byte's offset
   */
  static Derivation parse(StoreDirectory store, byte[] drv) throws Malformed {
    return new DerivationParser(store, drv).derivation();
  }

  private Derivation derivation() throws Malformed {
    if (next("DrvWithVersion(")) {
      string();
      expect(",");
    } else {
      expect("Derive(");
    }
    Map<String, Derivation.Output> outputs = new LinkedHashMap<>();
    list(() -> output(outputs));
    expect(",");
    Map<StorePath, List<String>> inputDerivations = new LinkedHashMap<>();
    list(() -> inputDerivation(inputDerivations));
    expect(",");
    Set<StorePath> inputSources = new LinkedHashSet<>();
    list(() -> inputSources.add(storePath()));
    expect(",");
    ByteString system = string();
    expect(",");
    ByteString builder = string();
    expect(",");
    List<ByteString> arguments = strings();
    expect(",");
    Map<ByteString, ByteString> environment = new LinkedHashMap<>();
    list(() -> variable(environment));
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

  private void output(Map<String, Derivation.Output> outputs) throws Malformed {
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

  private void inputDerivation(Map<StorePath, List<String>> inputs) throws Malformed {
    expect("(");
    StorePath input = storePath();
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

  private void variable(Map<ByteString, ByteString> environment) throws Malformed {
    expect("(");
    ByteString name = string();
    if (name.isEmpty() || name.latin1().indexOf('=') >= 0) {
      throw malformed("a variable's name that is empty or has a '='");
    }
    expect(",");
    environment.put(name, string());
    expect(")");
  }

  /** Reads an element of a list. */
  private interface Element {
    void read() throws Malformed;
  }

  private void list(Element element) throws Malformed {
    expect("[");
    for (boolean first = true; !next("]"); first = false) {
      if (!first) {
        expect(",");
      }
      element.read();
    }
  }

  private List<ByteString> strings() throws Malformed {
    List<ByteString> strings = new ArrayList<>();
    list(() -> strings.add(string()));
    return strings;
  }

  /** Skips a list of any terms. It counts the depth, so that a deep list overflows no stack. */
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

  /** Most strings have no escapes. A loop over an array is fast before anything is compiled. */
  private ByteString string() throws Malformed {
    expect("\"");
    byte[] all = bytes;
    int end = at;
    while (end < all.length && all[end] != '"' && all[end] != '\\' && all[end] != 0) {
      end++;
    }
    if (end == all.length || all[end] != '"') {
      return escaped();
    }
    ByteString value = new ByteString(text.substring(at, end));
    at = end + 1;
    return value;
  }

  private ByteString escaped() throws Malformed {
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

  /** Reads a path. Most derivations have hundreds, and nearly all are plain. */
  private StorePath storePath() throws Malformed {
    if (text.startsWith(plainStart, at)) {
      int start = at + plainStart.length();
      int end = text.indexOf('"', start);
      Optional<StorePath> plain = end < 0 ? Optional.empty() : StorePath.find(bytes, start, end);
      if (plain.isPresent()) {
        at = end + 1;
        return plain.get();
      }
    }
    return storePath(string());
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
