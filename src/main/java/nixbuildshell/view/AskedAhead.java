package nixbuildshell.view;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import nixbuildshell.Failure;
import nixbuildshell.Malformed;
import nixbuildshell.files.Answers;
import nixbuildshell.files.FileSystem;
import nixbuildshell.nix.Background;
import nixbuildshell.nix.Caller;
import nixbuildshell.nix.Configuration;
import nixbuildshell.nix.NixProgram;
import nixbuildshell.nix.NixProgram.Unanswered;
import nixbuildshell.nix.SandboxPathsSetting;
import nixbuildshell.sandbox.SandboxPath;
import nixbuildshell.store.NixStore;
import nixbuildshell.store.RememberedClosures;
import nixbuildshell.store.StoreDirectory;
import nixbuildshell.store.StoreEntries;
import nixbuildshell.store.StoreInputs;
import nixbuildshell.store.StorePath;
import nixbuildshell.store.StoreQuery;

/**
 * Asks Nix for what a first entry needs, each question beside the others and beside the tool's own
 * work: the setting {@code sandbox-paths}, and the closure of a derivation's inputs.
 *
 * <p>An answer to the second that does not come is asked for again where it is needed, so that the
 * messages are those of the question there.
 */
public final class AskedAhead implements AutoCloseable {
  private final Caller caller;
  private final FileSystem files;
  private final NixStore store;
  private final Answers answers;
  private final Configuration configuration;
  private final BooleanSupplier cancelled;

  /** Empty until it is asked for. */
  private Optional<SandboxPathsSetting> setting = Optional.empty();

  private Optional<Asked> asked = Optional.empty();
  private boolean closed;

  /** Holds what was asked for one derivation; empty when Nix has not answered. */
  private record Asked(StorePath derivation, Background<Optional<Answer>> answer) {}

  private record Answer(Set<StorePath> inputs, Set<StorePath> closure) {}

  /**
   * Asks nothing yet.
   *
   * @param answers what earlier runs were told
   * @param cancelled whether to stop waiting for Nix
   */
  public AskedAhead(
      Caller caller,
      FileSystem files,
      NixStore store,
      Answers answers,
      Configuration configuration,
      BooleanSupplier cancelled) {
    this.caller = caller;
    this.files = files;
    this.store = store;
    this.answers = answers;
    this.configuration = configuration;
    this.cancelled = cancelled;
  }

  /** Begins to ask for the setting, where it is not known, and returns at once. */
  SandboxPathsSetting setting() {
    if (setting.isEmpty()) {
      setting = Optional.of(new SandboxPathsSetting(configuration, answers, cancelled));
    }
    return setting.get();
  }

  /**
   * Begins to ask for the closure of a derivation's inputs and for the setting, where they are not
   * known, and returns at once. Only the thread that made this object calls it before {@link
   * #close}, after which nothing is asked.
   */
  public void closureOf(StorePath derivation) {
    if (closed || asked.isPresent() || isKnown(derivation)) {
      return;
    }
    asked =
        NixProgram.find(caller, "nix-store", cancelled)
            .map(program -> new StoreQuery(program, store))
            .map(query -> new Background<>("the closure", () -> answer(query, derivation)))
            .map(answer -> new Asked(derivation, answer));
  }

  private boolean isKnown(StorePath derivation) {
    return setting().isKnown()
        && new RememberedClosures(new StoreEntries(files, store), answers)
            .find(derivation, inStore(store.directory(), paths()))
            .isPresent();
  }

  /** Returns the words of the setting, and waits for them. */
  List<SandboxPath> paths() {
    return setting().words().stream().map(SandboxPath::parse).toList();
  }

  /** Returns the store paths that hold the source of one of these paths. */
  static List<StorePath> inStore(StoreDirectory store, List<SandboxPath> paths) {
    List<StorePath> found = new ArrayList<>();
    for (SandboxPath path : paths) {
      try {
        found.add(store.containing(path.source()));
      } catch (Malformed e) {
        // The source lies elsewhere.
      }
    }
    return found;
  }

  private Optional<Answer> answer(StoreQuery query, StorePath derivation) {
    try {
      Set<StorePath> inputs = StoreInputs.of(store, store.read(derivation)).origins().keySet();
      return Optional.of(new Answer(inputs, query.requisites(inputs)));
    } catch (StoreInputs.Unknown | Unanswered | Malformed | Failure e) {
      return Optional.empty();
    }
  }

  /**
   * Returns the closure of a derivation's inputs, and waits for it.
   *
   * @return empty when it was not asked for, or there is no answer
   * @throws java.util.concurrent.CancellationException when {@code cancelled} said so
   */
  Optional<Set<StorePath>> closure(StorePath derivation, Set<StorePath> inputs) {
    return asked
        .filter(it -> it.derivation.equals(derivation))
        .flatMap(it -> it.answer.await())
        .filter(it -> it.inputs.equals(inputs))
        .map(Answer::closure);
  }

  /** Asks nothing any more: a program that still runs for a question is killed. */
  @Override
  public void close() {
    closed = true;
    asked.ifPresent(it -> it.answer.close());
    setting.ifPresent(SandboxPathsSetting::close);
  }
}
