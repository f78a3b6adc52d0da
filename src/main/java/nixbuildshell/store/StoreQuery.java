package nixbuildshell.store;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import nixbuildshell.ByteString;
import nixbuildshell.Malformed;
import nixbuildshell.nix.NixProgram;
import nixbuildshell.nix.NixProgram.Unanswered;

/**
 * Asks {@code nix-store} about store paths; it answers from the daemon or from the database,
 * whichever Nix uses for this caller.
 *
 * @param program {@code nix-store}
 */
public record StoreQuery(NixProgram program, NixStore store) {

  /**
   * Returns all store paths that some paths refer to, directly or not, and these paths.
   *
   * @throws Unanswered also when one of the paths is not valid
   */
  public Set<StorePath> requisites(Collection<StorePath> paths) throws Unanswered, Malformed {
    return ask(paths, "--query", "--requisites");
  }

  /** Returns those of some store paths that are not valid in the store. */
  public Set<StorePath> invalid(Collection<StorePath> paths) throws Unanswered, Malformed {
    return ask(paths, "--check-validity", "--print-invalid");
  }

  /** Returns the derivation that made each of some valid paths, where Nix knows it. */
  public List<Optional<StorePath>> derivers(List<StorePath> paths) throws Unanswered {
    if (paths.isEmpty()) {
      return List.of();
    }
    List<Optional<StorePath>> derivers = new ArrayList<>();
    for (String line :
        program.run(arguments(paths, "--query", "--deriver")).latin1().lines().toList()) {
      derivers.add(derivation(line));
    }
    if (derivers.size() != paths.size()) {
      throw new Unanswered("nix-store names " + derivers.size() + " derivers, not " + paths.size());
    }
    return derivers;
  }

  /** Parses what nix-store says, which is {@code unknown-deriver} where it does not know. */
  private Optional<StorePath> derivation(String line) {
    try {
      return Optional.of(store.directory().parse(new ByteString(line)));
    } catch (Malformed e) {
      return Optional.empty();
    }
  }

  /** Reads a derivation's build log. */
  public LogText log(StorePath derivation) throws Unanswered {
    return program.run(arguments(List.of(derivation), "--read-log"), LogText::of);
  }

  private Set<StorePath> ask(Collection<StorePath> paths, String... options)
      throws Unanswered, Malformed {
    Set<StorePath> answer = new TreeSet<>();
    if (paths.isEmpty()) {
      // Without a path nix-store would read paths from stdin, or fail.
      return answer;
    }
    for (String line : program.run(arguments(paths, options)).latin1().lines().toList()) {
      ByteString path = new ByteString(line);
      try {
        answer.add(store.directory().parse(path));
      } catch (Malformed e) {
        throw new Malformed("nix-store says " + path.abridged(200) + ": " + e.getMessage());
      }
    }
    return answer;
  }

  private List<String> arguments(Collection<StorePath> paths, String... options) {
    List<String> arguments = new ArrayList<>(List.of(options));
    store.uri().ifPresent(uri -> arguments.addAll(List.of("--store", uri)));
    paths.forEach(path -> arguments.add(store.directory().path(path)));
    return arguments;
  }
}
