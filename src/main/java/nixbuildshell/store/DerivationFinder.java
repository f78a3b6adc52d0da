package nixbuildshell.store;

import java.io.IOException;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.LongPredicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.Malformed;
import nixbuildshell.files.Answers;
import nixbuildshell.nix.Background;

/**
 * Finds the derivation of a kept directory, with as few searches as its clues allow: it reads the
 * build logs only when the directory's name says too little.
 *
 * @param directories returns the times of all kept directories of this host; asked in any thread
 * @param answers has what it found before
 * @param texts reads a derivation's build log; slow
 */
public record DerivationFinder(
    NixStore store,
    Supplier<List<KeptTimes>> directories,
    Answers answers,
    Function<StorePath, LogText> texts) {
  public static final String REMEDY =
      "name the derivation: --drv /nix/store/….drv (nix-instantiate and the failed build print it);"
          + " for a build in another store: --store ROOT";

  private static final String KIND = "derivation";
  private static final int MOST_NAMED = 10;

  private static final String OVERWRITTEN =
      "a later build has overwritten the log that would tell, since Nix keeps one for each"
          + " derivation";

  /** Makes a finder that remembers nothing and reads no logs. */
  public DerivationFinder(NixStore store, Supplier<List<KeptTimes>> directories) {
    this(store, directories, Answers.NONE, derivation -> LogText.NONE);
  }

  /** Returns the same finder without the slow part of its messages. */
  public DerivationFinder withoutLogs() {
    return new DerivationFinder(store, directories, answers, derivation -> LogText.NONE);
  }

  /** Says how a derivation was found, for the message. */
  public enum How {
    COMMAND_LINE("given with --drv", false),
    OUTPUT_PATH("found by the output path in env-vars", false),
    MANIFEST_OUTPUT_PATH("found by the output path in the manifest", false),
    DIRECTORY_NAME("found by the directory's name", true),
    DIRECTORY_NAME_AND_LOG_TIME("found by the directory's name and the build log's time", true),
    LOG_TIME("found by the build log's time", true);

    private final String words;
    private final boolean guess;

    How(String words, boolean guess) {
      this.words = words;
      this.guess = guess;
    }

    /** Returns what {@link #valueOf} does, which takes half a millisecond of a start. */
    private static How named(String name) throws Malformed {
      for (How how : values()) {
        if (how.name().equals(name)) {
          return how;
        }
      }
      throw new Malformed("no way to find a derivation is called " + name);
    }

    /** Returns the words for a message: "found by the directory's name". */
    public String words() {
      return words;
    }

    /** Decides whether another derivation could have left the same traces. */
    public boolean isGuess() {
      return guess;
    }
  }

  /**
   * Holds a derivation, and how it was found.
   *
   * @param certainty what the times say for it, for {@code -v}; may be empty
   */
  public record Found(StorePath path, Derivation derivation, How how, String certainty) {
    /** Returns the derivation's name, without {@code .drv}. */
    public String name() {
      return path.derivationName();
    }

    /** Returns the whole path. */
    public String whole() {
      return derivation.store().path(path);
    }

    /** Returns the path and how it was found; for a guess, also the option that corrects it. */
    public String describe() {
      return whole() + " (" + how.words + (how.guess ? "; if that is wrong: --drv FILE)" : ")");
    }
  }

  /** Returns the derivation that the command line names. */
  public Found given(ByteString path) {
    try {
      StorePath derivation = store.directory().parse(path);
      if (!derivation.isDerivation()) {
        throw new Malformed("it does not end in .drv");
      }
      return found(derivation, How.COMMAND_LINE);
    } catch (Malformed e) {
      throw new Failure(
          "cannot use --drv " + path,
          e.getMessage(),
          "name the store path that nix-instantiate and the failed build print");
    }
  }

  /**
   * Finds the derivation that left this directory; empty when there is no trace of it.
   *
   * @param outputs its outputs by {@code env-vars} or the manifest; empty when unknown
   * @throws Failure when several derivations fit
   */
  public Optional<Found> find(Evidence kept, Set<StorePath> outputs) {
    ByteString question = question(kept, outputs);
    Optional<Found> before = answers.get(KIND, question).flatMap(it -> again(it, outputs));
    if (before.isPresent()) {
      return before;
    }
    Optional<Found> found = search(kept, outputs);
    found.ifPresent(
        it ->
            answers.put(
                KIND, question, ByteString.of(it.path + "\n" + it.how + "\n" + it.certainty)));
    return found;
  }

  /**
   * Asks for one state of a directory: its ctime changes with its name, its owner and its entries.
   */
  private ByteString question(Evidence kept, Set<StorePath> outputs) {
    StringBuilder question = new StringBuilder(store.real()).append('\n');
    KeptTimes times = kept.times();
    Instant changed = times.changed();
    question.append(times.identity()).append('\n').append(changed.getEpochSecond());
    question.append('.').append(changed.getNano()).append('\n');
    new TreeSet<>(outputs).forEach(path -> question.append(path).append('\n'));
    return ByteString.of(question.toString()).plus(kept.outerName());
  }

  /** Returns what was found before, as long as the store has it and it makes what it made. */
  private Optional<Found> again(ByteString answer, Set<StorePath> outputs) {
    String[] lines = answer.latin1().split("\n", 3);
    try {
      StorePath path = StorePath.ofBaseName(lines[0]);
      Found found = found(path, How.named(lines[1]), lines[2]);
      return Optional.of(found)
          .filter(it -> it.how != How.OUTPUT_PATH || it.derivation.makesOneOf(outputs));
    } catch (Malformed | Failure e) {
      return Optional.empty();
    }
  }

  private Optional<Found> search(Evidence kept, Set<StorePath> outputs) {
    Optional<KeptName> kind = KeptName.of(kept.outerName());
    Optional<String> name = kind.flatMap(KeptName::derivation);
    Optional<Found> byOutput = byOutput(kept, outputs, name);
    if (byOutput.isPresent()) {
      return byOutput;
    }
    if (name.isPresent()) {
      return byName(kept, name.get());
    }
    // The store itself or /tmp changed when a build ended too: Nix must have named the directory.
    return kind.isPresent() ? byLog(kept) : Optional.empty();
  }

  /**
   * Decides whether another witness than the maker of the directory names this derivation: the
   * caller, or Nix, whose log of this derivation ends when the directory was last changed. An
   * attacker can give a directory any name and content, and so any derivation of the store, and can
   * change it when a build of the attacker's fails, but cannot give it to another user.
   *
   * @param builders whether Nix may have left a directory of this user's
   */
  public boolean isConfirmed(Evidence kept, Found found, LongPredicate builders) {
    return found.how() == How.COMMAND_LINE
        || (builders.test(kept.owner())
            && KeptName.of(kept.outerName())
                .flatMap(KeptName::derivation)
                .map(found.name()::equals)
                .orElse(true)
            && endedWith(kept, found.path()));
  }

  /**
   * Decides whether Nix opened a log of a derivation with these outputs right after it made the
   * directory. That stays so when the directory is moved or gets another owner.
   */
  public boolean hasLogFromItsStart(Evidence kept, Set<StorePath> outputs) {
    List<StorePath> derivations =
        outputs.stream()
            .map(StorePath::name)
            .distinct()
            .flatMap(name -> madeBy(logs().derivationsNamed(name), outputs).stream())
            .map(Found::path)
            .toList();
    return logs().of(derivations).stream()
        .anyMatch(log -> Pairing.areOfOneStart(kept.times(), log));
  }

  /**
   * Finds a derivation by its outputs. An output has the name of its derivation, with a suffix when
   * it is not {@code out}. Several derivations can have the same output, when it is fixed or
   * depends on a fixed one.
   */
  private Optional<Found> byOutput(
      Evidence kept, Set<StorePath> outputs, Optional<String> directoryName) {
    if (outputs.isEmpty()) {
      return Optional.empty();
    }
    Set<String> names = new LinkedHashSet<>(directoryName.stream().toList());
    outputs.forEach(output -> names.add(output.name()));
    return firstMatch(kept, names, logs()::derivationsNamed, outputs)
        .or(() -> firstMatch(kept, names, store::derivationsNamed, outputs));
  }

  private Optional<Found> firstMatch(
      Evidence kept,
      Set<String> names,
      Function<String, List<StorePath>> derivations,
      Set<StorePath> outputs) {
    return names.stream()
        .map(name -> madeBy(derivations.apply(name), outputs))
        .filter(matching -> !matching.isEmpty())
        .findFirst()
        .map(matching -> lastBuilt(kept, matching));
  }

  private List<Found> madeBy(List<StorePath> candidates, Set<StorePath> outputs) {
    return candidates.stream()
        .filter(store::has)
        .map(candidate -> found(candidate, How.OUTPUT_PATH))
        .filter(found -> found.derivation().makesOneOf(outputs))
        .toList();
  }

  private Found lastBuilt(Evidence kept, List<Found> matching) {
    return matching.stream()
        .filter(found -> matching.size() > 1 && endedWith(kept, found.path()))
        .findFirst()
        .orElse(matching.get(0));
  }

  private Optional<Found> byName(Evidence kept, String name) {
    return byNameAndLog(kept, name).or(() -> byNameInStore(kept, name));
  }

  /** Finds it among those that have a log, when the times leave no doubt. */
  private Optional<Found> byNameAndLog(Evidence kept, String name) {
    // There may be many directories, and a thousand folders of logs: two processors share them.
    try (Background<List<KeptTimes>> all = new Background<>("directories", directories::get)) {
      List<StorePath> logged = logs().derivationsNamed(name).stream().filter(store::has).toList();
      return !logged.isEmpty()
              && verdict(kept, logs().of(logged), all.await()) instanceof Pairing.Certain certain
          ? Optional.of(found(certain, How.DIRECTORY_NAME_AND_LOG_TIME))
          : Optional.empty();
    }
  }

  private Optional<Found> byNameInStore(Evidence kept, String name) {
    List<StorePath> named = store.derivationsNamed(name);
    if (named.size() <= 1) {
      return named.stream().findFirst().map(only -> found(only, How.DIRECTORY_NAME));
    }
    return byTimes(kept, logs().of(named), How.DIRECTORY_NAME_AND_LOG_TIME)
        .or(
            () -> {
              List<StorePath> rebuilt = overwritten(kept, logs().of(named));
              throw undecided(
                  kept,
                  "several derivations have its name, and "
                      + (rebuilt.isEmpty() ? "no build log fits" : OVERWRITTEN),
                  rebuilt.isEmpty() ? named : rebuilt,
                  derivation -> LogText.NONE);
            });
  }

  private Optional<Found> byLog(Evidence kept) {
    try {
      return byTimes(kept, logs().all(), How.LOG_TIME);
    } catch (IOException e) {
      throw new Failure("cannot list " + logs().directory(), NixStore.reason(e), REMEDY, e);
    }
  }

  /**
   * Says that a later build of the same derivation has overwritten the log that would tell it, as
   * far as that can be the reason that none is found.
   *
   * @return empty when there is no such log
   */
  public Optional<String> lostLog(Evidence kept) {
    try {
      List<StorePath> rebuilt = overwritten(kept, logs().all());
      return rebuilt.isEmpty()
          ? Optional.empty()
          : Optional.of("perhaps " + OVERWRITTEN + ": " + listed(rebuilt, drv -> ""));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /**
   * Returns the derivations of which a build before the directory's end began a log, and a build
   * after it ended the log, and which have failed; the newest end first.
   */
  private List<StorePath> overwritten(Evidence kept, List<Pairing.Log> logs) {
    KeptTimes times = kept.times();
    List<KeptTimes> others = others(times);
    return logs.stream()
        .filter(log -> Pairing.isOverwritten(times, others, log))
        .sorted(Comparator.comparing(Pairing.Log::end).reversed())
        .map(Pairing.Log::derivation)
        .filter(derivation -> !hasSucceeded(derivation))
        .toList();
  }

  /** Finds the derivation whose log belongs to the directory by its times. */
  private Optional<Found> byTimes(Evidence kept, List<Pairing.Log> logs, How how) {
    Pairing.Verdict verdict = verdict(kept, logs, directories.get());
    if (verdict instanceof Pairing.Certain certain) {
      return Optional.of(found(certain, how));
    } else if (verdict instanceof Pairing.Open open) {
      List<StorePath> candidates = open.candidates().stream().map(Pairing.Log::derivation).toList();
      throw undecided(kept, "the build logs of these fit it, the newest first", candidates, texts);
    }
    return Optional.empty();
  }

  /**
   * Says whose log belongs to a kept directory.
   *
   * @param end how the build ended; empty where a later build has overwritten the log
   */
  public record OfLog(StorePath derivation, Optional<LogEnd.Kind> end) {}

  /**
   * Tells by the times of the build logs which derivations left the directories, in one pairing of
   * all. A directory for which that stays open is left out.
   *
   * @param all the times of all kept directories of this host
   */
  public Map<KeptTimes, OfLog> byLogs(List<KeptTimes> all) {
    Map<KeptTimes, OfLog> told = new HashMap<>();
    try {
      List<Pairing.Verdict> verdicts = Pairing.ofAll(all, logs().all(), this::hasSucceeded);
      for (int i = 0; i < all.size(); i++) {
        if (verdicts.get(i) instanceof Pairing.Certain certain) {
          told.put(all.get(i), ofLog(certain, all.get(i)));
        }
      }
    } catch (IOException e) {
      // Where the caller may not list the logs, they tell nothing.
    }
    return told;
  }

  private static OfLog ofLog(Pairing.Certain certain, KeptTimes times) {
    return new OfLog(
        certain.log().derivation(),
        certain.overwritten()
            ? Optional.empty()
            : LogEnd.of(certain.log(), times, EndOrder.UNKNOWN, () -> LogText.NONE)
                .map(LogEnd::kind));
  }

  private Pairing.Verdict verdict(Evidence kept, List<Pairing.Log> logs, List<KeptTimes> all) {
    KeptTimes times = kept.times();
    return Pairing.of(times, others(times, all), logs, this::hasSucceeded);
  }

  private List<KeptTimes> others(KeptTimes times) {
    return others(times, directories.get());
  }

  private static List<KeptTimes> others(KeptTimes times, List<KeptTimes> all) {
    return all.stream().filter(other -> !other.identity().equals(times.identity())).toList();
  }

  private static String certainty(Pairing.Certain certain) {
    return "every other pairing of directories and build logs fits worse, by at least "
        + certain.margin().toMillis()
        + " ms"
        + (certain.overwritten() ? "; its log is that of a later build" : "");
  }

  /** Lists the derivations whose log ended since a moment, and which look as if they had failed. */
  public List<StorePath> failedSince(Instant moment) {
    try {
      return logs().all().stream()
          .filter(log -> !log.end().isBefore(moment))
          .map(Pairing.Log::derivation)
          .distinct()
          .filter(derivation -> !hasSucceeded(derivation))
          .toList();
    } catch (IOException e) {
      return List.of(); // Where the caller may not list the logs, they tell nothing.
    }
  }

  /** Decides whether the last build of a derivation looks successful. */
  public boolean hasSucceeded(StorePath derivation) {
    try {
      Collection<StorePath> outputs = store.read(derivation).outputPaths().values();
      return !outputs.isEmpty() && outputs.stream().allMatch(store::isBuilt);
    } catch (Failure e) {
      return false; // It is gone from the store, and its outputs are not known.
    }
  }

  /**
   * Tells from its log how the build of a derivation ended that left the directory.
   *
   * @param order what Nix did first, where that was seen
   */
  public Optional<LogEnd> end(Evidence kept, StorePath derivation, EndOrder order) {
    return logs().of(List.of(derivation)).stream()
        .flatMap(log -> LogEnd.of(log, kept.times(), order, () -> texts.apply(derivation)).stream())
        .findFirst();
  }

  /**
   * Reads the log of a build that still runs.
   *
   * @return nothing when Nix compresses the log: then it has written nothing yet
   */
  public LogText growing(StorePath derivation) {
    return logs().plain(derivation);
  }

  private Failure undecided(
      Evidence kept, String why, List<StorePath> candidates, Function<StorePath, LogText> text) {
    return new Failure(
        "cannot tell which derivation left " + kept.path(),
        why
            + ": "
            + listed(
                candidates,
                drv ->
                    text.apply(drv).phase().map(name -> " (stopped in " + name + ")").orElse("")),
        REMEDY);
  }

  private String listed(List<StorePath> derivations, Function<StorePath, String> more) {
    int shown = Math.min(derivations.size(), MOST_NAMED);
    return derivations.subList(0, shown).stream()
            .map(drv -> store.directory().path(drv) + more.apply(drv))
            .collect(Collectors.joining(", "))
        + (shown < derivations.size() ? " and " + (derivations.size() - shown) + " more" : "");
  }

  private boolean endedWith(Evidence kept, StorePath derivation) {
    return logs().endedAt(derivation, kept.changed());
  }

  private BuildLogs logs() {
    return BuildLogs.of(store);
  }

  private Found found(Pairing.Certain certain, How how) {
    return found(certain.log().derivation(), how, certainty(certain));
  }

  private Found found(StorePath path, How how) {
    return found(path, how, "");
  }

  private Found found(StorePath path, How how, String certainty) {
    return new Found(path, store.read(path).built(path), how, certainty);
  }
}
