package nixbuildshell.store;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;
import nixbuildshell.Malformed;

/**
 * Collects from Nix's records which derivations it began to build, and where. A record is what
 * {@code --log-format internal-json} prints (JSONLogger in logging.cc): a start of the type {@code
 * actBuild} has the derivation and the machine, which is empty for this host.
 */
public final class StartedBuilds {
  private static final String ACT_BUILD = "105";
  private static final String MAYBE = "\"type\":" + ACT_BUILD;
  private static final JsonInput.Bounds BOUNDS = new JsonInput.Bounds(4, 64, 256, true);

  private final StoreDirectory store;
  private final Map<StorePath, ByteString> machines = new LinkedHashMap<>();

  public StartedBuilds(StoreDirectory store) {
    this.store = store;
  }

  /** Takes a record; passes over what is none of a build's start. Any thread may call it. */
  public void add(ByteString record) {
    if (record.latin1().contains(MAYBE)) {
      try {
        started(JsonInput.read(record.bytes(), BOUNDS));
      } catch (Malformed e) {
        // Another Nix may write other records.
      }
    }
  }

  private void started(Json record) throws Malformed {
    if (record instanceof Json.Fields start
        && start.values().get(ByteString.of("type")) instanceof Json.Number type
        && type.literal().equals(ACT_BUILD)
        && start.values().get(ByteString.of("fields")) instanceof Json.Items fields
        && fields.values().size() >= 2
        && fields.values().get(0) instanceof Json.Text derivation
        && fields.values().get(1) instanceof Json.Text machine) {
      StorePath path = store.parse(derivation.value());
      synchronized (machines) {
        // With ssh-ng, the other machine's Nix tells of the same build as one on its own host.
        machines.merge(path, machine.value(), (old, now) -> now.isEmpty() ? old : now);
      }
    }
  }

  /** Returns the derivations that this host began to build, in this order. */
  public Set<StorePath> here() {
    synchronized (machines) {
      return machines.entrySet().stream()
          .filter(each -> each.getValue().isEmpty())
          .map(Map.Entry::getKey)
          .collect(Collectors.toCollection(LinkedHashSet::new));
    }
  }

  /** Returns the machines that began to build the others. */
  public Map<StorePath, ByteString> elsewhere() {
    synchronized (machines) {
      Map<StorePath, ByteString> others = new LinkedHashMap<>(machines);
      others.values().removeIf(ByteString::isEmpty);
      return others;
    }
  }
}
