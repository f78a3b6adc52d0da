package nixbuildshell.store;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import nixbuildshell.ByteString;
import nixbuildshell.Malformed;

/**
 * Holds the inputs of a derivation as its file has them. There can be thousands, and where their
 * closure is known none is needed, so they are parsed only when they are asked for.
 *
 * @param store the store that their paths belong to
 * @param lists the input derivations, a comma, and the input sources
 * @param offset the place of the lists in the file, for messages
 */
public record DerivationInputs(StoreDirectory store, ByteString lists, int offset) {
  public static final DerivationInputs NONE =
      new DerivationInputs(StoreDirectory.DEFAULT, ByteString.of("[],[]"), 0);

  /**
   * Holds the inputs by their store paths.
   *
   * @param derivations each with the names of the outputs that are used
   * @param dynamic whether outputs of derivations that these make are used as well; their names are
   *     not kept
   */
  public record Parsed(
      Map<StorePath, List<String>> derivations, boolean dynamic, Set<StorePath> sources) {
    public Parsed {
      derivations = Collections.unmodifiableMap(new LinkedHashMap<>(derivations));
      sources = Collections.unmodifiableSet(new LinkedHashSet<>(sources));
    }
  }

  /** Decides whether there are input derivations. */
  public boolean hasDerivations() {
    return !lists.startsWith("[]");
  }

  /**
   * Parses the lists.
   *
   * @throws Malformed that names the byte's offset in the file
   */
  public Parsed parse() throws Malformed {
    DerivationText text = new DerivationText(store, lists.bytes(), offset);
    Map<StorePath, List<String>> derivations = new LinkedHashMap<>();
    boolean[] dynamic = new boolean[1];
    text.list(() -> dynamic[0] |= derivation(text, derivations));
    text.expect(",");
    Set<StorePath> sources = new LinkedHashSet<>();
    text.list(() -> sources.add(text.storePath()));
    if (!text.isAtEnd()) {
      throw text.malformed("something after the inputs");
    }
    return new Parsed(derivations, dynamic[0], sources);
  }

  /** Reads an input derivation, and decides whether outputs of what it makes are used. */
  private static boolean derivation(DerivationText text, Map<StorePath, List<String>> derivations)
      throws Malformed {
    text.expect("(");
    StorePath path = text.storePath();
    text.expect(",");
    boolean nested = text.next("(");
    List<String> outputs = new ArrayList<>();
    for (ByteString name : text.strings()) {
      outputs.add(text.outputName(name));
    }
    boolean dynamic = false;
    if (nested) {
      text.expect(",");
      dynamic = !text.has("[]");
      text.skipList();
      text.expect(")");
    }
    text.expect(")");
    derivations.put(path, List.copyOf(outputs));
    return dynamic;
  }

  /** Compares what the inputs are; where they stand in the file does not matter. */
  @Override
  public boolean equals(Object other) {
    return other instanceof DerivationInputs inputs
        && store.equals(inputs.store)
        && lists.equals(inputs.lists);
  }

  @Override
  public int hashCode() {
    return lists.hashCode();
  }
}
