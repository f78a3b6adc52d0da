package nixbuildshell.store;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.console.ShellWord;

/**
 * Writes a derivation's structured attributes as its builder finds them: {@code
 * prepareStructuredAttrs} and {@code writeStructuredAttrsShell} of Nix's parsed-derivations.cc,
 * from 2.4 on.
 *
 * <p>The path infos of {@code exportReferencesGraph} are missing, because Nix's database alone has
 * them. They belong in {@code .attrs.json} only; bash has no form for them.
 */
public final class StructuredAttributes {
  private static final Pattern IDENTIFIER = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

  private final Derivation derivation;
  private final Json.Fields attributes;
  private final boolean arm;

  private StructuredAttributes(Derivation derivation, Json.Fields attributes) {
    this.derivation = derivation;
    this.attributes = attributes;
    this.arm = !derivation.system().latin1().matches("(x86_64|i[3-6]86)-.*");
  }

  /** Returns the attributes of a derivation; empty when it has none. */
  public static Optional<StructuredAttributes> of(Derivation derivation) {
    return derivation
        .structuredAttributes()
        .map(
            given -> {
              SortedMap<ByteString, Json> all = new TreeMap<>(given.values());
              all.put(ByteString.of("outputs"), outputs(derivation));
              return new StructuredAttributes(derivation, new Json.Fields(all));
            });
  }

  private static Json.Fields outputs(Derivation derivation) {
    SortedMap<ByteString, Json> outputs = new TreeMap<>();
    for (String output : derivation.outputs().keySet()) {
      ByteString placeholder = ByteString.of(Derivation.placeholder(output));
      outputs.put(ByteString.of(output), new Json.Text(placeholder));
    }
    return new Json.Fields(outputs);
  }

  public boolean has(String name) {
    return attributes.values().containsKey(ByteString.of(name));
  }

  /** Returns the names in {@code .attrs.json} that would hold graphs of references. */
  public List<String> graphs() {
    return attributes.values().get(ByteString.of("exportReferencesGraph"))
            instanceof Json.Fields graphs
        ? graphs.values().keySet().stream().map(ByteString::toString).toList()
        : List.of();
  }

  /** Returns the content of {@code .attrs.json}. */
  public ByteString json() {
    return derivation.withOutputPaths(new ByteString(attributes.dump()));
  }

  /** Returns the content of {@code .attrs.sh}: all that bash can hold. */
  public ByteString shell() {
    String script =
        attributes.values().entrySet().stream()
            .filter(attribute -> IDENTIFIER.matcher(attribute.getKey().latin1()).matches())
            .flatMap(each -> declaration(each.getKey().latin1(), each.getValue()).stream())
            .collect(Collectors.joining());
    return derivation.withOutputPaths(new ByteString(script));
  }

  private Optional<String> declaration(String name, Json value) {
    String option = "";
    Optional<String> words;
    if (value instanceof Json.Items items) {
      option = "-a ";
      words = all(items.values().stream().map(this::word));
    } else if (value instanceof Json.Fields fields) {
      option = "-A ";
      words = all(fields.values().entrySet().stream().map(this::entry));
    } else {
      words = word(value);
    }
    String start = "declare " + option + name + "=";
    return words.map(w -> start + w + "\n");
  }

  private Optional<String> entry(Map.Entry<ByteString, Json> field) {
    String key = ShellWord.inSingleQuotes(field.getKey().latin1());
    return word(field.getValue()).map(word -> "[" + key + "]=" + word);
  }

  /** Returns nothing when a word has no form in bash: Nix leaves out the whole list then. */
  private static Optional<String> all(Stream<Optional<String>> words) {
    List<String> known = words.map(word -> word.orElse(null)).toList();
    return known.contains(null)
        ? Optional.empty()
        : Optional.of(known.stream().map(w -> w + " ").collect(Collectors.joining("", "(", ")")));
  }

  private Optional<String> word(Json value) {
    if (value instanceof Json.Text text) {
      return Optional.of(ShellWord.inSingleQuotes(text.value().latin1()));
    } else if (value instanceof Json.Number number) {
      return number.shell(arm);
    } else if (value instanceof Json.Truth truth) {
      return Optional.of(truth.value() ? "1" : "");
    }
    return value instanceof Json.Nothing ? Optional.of("''") : Optional.empty();
  }
}
