package nixbuildshell.store;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;
import nixbuildshell.Malformed;
import nixbuildshell.console.ShellWord;

/**
 * A derivation's structured attributes as its builder finds them: {@code prepareStructuredAttrs}
 * and {@code writeStructuredAttrsShell} of Nix's parsed-derivations.cc, from 2.4 on.
 *
 * <p>What Nix's database alone knows is missing: the path infos of {@code exportReferencesGraph}.
 * Those are in {@code .attrs.json} only; bash has no form for them.
 */
public final class StructuredAttributes {
  private static final Pattern IDENTIFIER = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

  /** Limits the depth only: Nix has read the derivation, and its parser takes a repeated name. */
  private static final JsonInput.Bounds UNBOUNDED =
      new JsonInput.Bounds(255, Integer.MAX_VALUE, Integer.MAX_VALUE, true);

  private final Json.Fields attributes;
  private final Placeholders placeholders;
  private final boolean arm;

  private StructuredAttributes(Json.Fields attributes, Derivation derivation) {
    this.attributes = attributes;
    this.placeholders = new Placeholders(derivation);
    this.arm = !derivation.system().latin1().matches("(x86_64|i[3-6]86)-.*");
  }

  /**
   * Those of a derivation.
   *
   * @return empty when it has none
   */
  public static Optional<StructuredAttributes> of(Derivation derivation) {
    Optional<ByteString> text = derivation.variable("__json");
    if (text.isEmpty()) {
      return Optional.empty();
    }
    try {
      if (!(JsonInput.read(text.get().bytes(), UNBOUNDED) instanceof Json.Fields given)) {
        return Optional.empty();
      }
      SortedMap<ByteString, Json> fields = new TreeMap<>(given.values());
      SortedMap<ByteString, Json> outputs = new TreeMap<>();
      for (String output : derivation.outputs().keySet()) {
        outputs.put(ByteString.of(output), new Json.Text(ByteString.of(Placeholders.of(output))));
      }
      fields.put(ByteString.of("outputs"), new Json.Fields(outputs));
      return Optional.of(new StructuredAttributes(new Json.Fields(fields), derivation));
    } catch (Malformed e) {
      // Nix refuses to build such a derivation.
      return Optional.empty();
    }
  }

  public boolean has(String name) {
    return attributes.values().containsKey(ByteString.of(name));
  }

  /** The attribute's strings, when it is a list. */
  List<ByteString> strings(String name) {
    return attributes.values().get(ByteString.of(name)) instanceof Json.Items items
        ? items.values().stream()
            .filter(Json.Text.class::isInstance)
            .map(item -> ((Json.Text) item).value())
            .toList()
        : List.of();
  }

  /** The names in {@code .attrs.json} that would hold graphs of references. */
  public List<String> graphs() {
    return attributes.values().get(ByteString.of("exportReferencesGraph"))
            instanceof Json.Fields graphs
        ? graphs.values().keySet().stream().map(ByteString::toString).toList()
        : List.of();
  }

  /** {@code .attrs.json}. */
  public ByteString json() {
    return placeholders.replaced(new ByteString(attributes.dump()));
  }

  /** {@code .attrs.sh}: all that bash can hold. */
  public ByteString shell() {
    StringBuilder script = new StringBuilder();
    for (Map.Entry<ByteString, Json> attribute : attributes.values().entrySet()) {
      String name = attribute.getKey().latin1();
      if (IDENTIFIER.matcher(name).matches()) {
        declaration(name, attribute.getValue()).ifPresent(script::append);
      }
    }
    return placeholders.replaced(new ByteString(script.toString()));
  }

  private Optional<String> declaration(String name, Json value) {
    Optional<String> words;
    String option = "";
    if (value instanceof Json.Items items) {
      option = "-a ";
      words = all(items.values().stream().map(this::word).toList());
    } else if (value instanceof Json.Fields fields) {
      option = "-A ";
      words =
          all(
              fields.values().entrySet().stream()
                  .map(
                      f ->
                          word(f.getValue())
                              .map(
                                  w ->
                                      "["
                                          + ShellWord.inSingleQuotes(f.getKey().latin1())
                                          + "]="
                                          + w))
                  .toList());
    } else {
      words = word(value);
    }
    String start = "declare " + option + name + "=";
    return words.map(w -> start + w + "\n");
  }

  /** Empty when one of them is: Nix leaves out the whole list then. */
  private static Optional<String> all(List<Optional<String>> words) {
    return words.stream().allMatch(Optional::isPresent)
        ? Optional.of(
            words.stream().map(word -> word.get() + " ").collect(Collectors.joining("", "(", ")")))
        : Optional.empty();
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
