package nixbuildshell.store;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongPredicate;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.Malformed;

/**
 * Finds the derivation of a kept directory, with as few searches as its clues allow: it reads the
 * build logs only when the directory's name says too little.
 */
public record DerivationFinder(NixStore store) {
  public static final String REMEDY =
      "name the derivation: --drv /nix/store/….drv (nix-instantiate and the failed build print it);"
          + " for a build in another store: --store ROOT";

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

    /** Decides whether another derivation could have left the same traces. */
    public boolean isGuess() {
      return guess;
    }
  }

  /** Holds a derivation, and how it was found. */
  public record Found(StorePath path, Derivation derivation, How how) {
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
    return names.stream()
        .map(name -> madeBy(name, outputs))
        .filter(matching -> !matching.isEmpty())
        .findFirst()
        .map(matching -> lastBuilt(kept, matching));
  }

  private List<Found> madeBy(String name, Set<StorePath> outputs) {
    return store.derivationsNamed(name).stream()
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
    List<StorePath> named = store.derivationsNamed(name);
    if (named.size() <= 1) {
      return named.stream().findFirst().map(only -> found(only, How.DIRECTORY_NAME));
    }
    List<StorePath> ended =
        named.stream().filter(derivation -> endedWith(kept, derivation)).toList();
    return Optional.of(only(kept, ended, named, How.DIRECTORY_NAME_AND_LOG_TIME));
  }

  private Optional<Found> byLog(Evidence kept) {
    try {
      List<StorePath> ended = logs().endingAt(kept.changed());
      return ended.isEmpty()
          ? Optional.empty()
          : Optional.of(only(kept, ended, ended, How.LOG_TIME));
    } catch (IOException e) {
      throw new Failure("cannot list " + logs().directory(), NixStore.reason(e), REMEDY, e);
    }
  }

  private Found only(Evidence kept, List<StorePath> ended, List<StorePath> candidates, How how) {
    if (ended.size() == 1) {
      return found(ended.get(0), how);
    }
    throw new Failure(
        "cannot tell which derivation left " + kept.path(),
        (ended.isEmpty()
                ? "several derivations have its name, and none of their build logs ended at "
                : "more than one build ended at ")
            + kept.changed()
            + candidates(ended.isEmpty() ? candidates : ended),
        REMEDY);
  }

  private String candidates(List<StorePath> paths) {
    int shown = Math.min(paths.size(), 3);
    String more = shown < paths.size() ? " and " + (paths.size() - shown) + " more)" : ")";
    return paths.subList(0, shown).stream()
        .map(store.directory()::path)
        .collect(Collectors.joining(", ", " (", more));
  }

  private boolean endedWith(Evidence kept, StorePath derivation) {
    return logs().endedAt(derivation, kept.changed());
  }

  private BuildLogs logs() {
    return new BuildLogs(Path.of(store.logs(), "drvs"));
  }

  private Found found(StorePath path, How how) {
    return new Found(path, store.read(path).built(path), how);
  }
}
