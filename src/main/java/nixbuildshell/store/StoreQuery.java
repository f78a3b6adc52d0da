package nixbuildshell.store;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.nix.NixProgram;
import nixbuildshell.nix.NixProgram.Unanswered;

/**
 * Questions to the store, for {@code nix-store} to answer: from the daemon or from the database,
 * whichever Nix does for this caller.
 *
 * @param nixStore the program
 * @param store what it is told with {@code --store}
 */
public record StoreQuery(NixProgram nixStore, Optional<String> store) {

  /**
   * All store paths that some refer to, directly or not, themselves among them.
   *
   * @throws Unanswered also when one of them is not valid
   */
  public List<ByteString> requisites(Collection<String> paths) throws Unanswered {
    return lines(paths, "--query", "--requisites");
  }

  /** Those of some store paths that the store does not have as valid ones. */
  public List<ByteString> invalid(Collection<String> paths) throws Unanswered {
    return lines(paths, "--check-validity", "--print-invalid");
  }

  private List<ByteString> lines(Collection<String> paths, String... options) throws Unanswered {
    if (paths.isEmpty()) {
      // Without a path it would ask for one on stdin, or fail.
      return List.of();
    }
    List<String> arguments = new ArrayList<>(List.of(options));
    store.ifPresent(uri -> arguments.addAll(List.of("--store", uri)));
    arguments.addAll(paths);
    return nixStore.run(arguments).latin1().lines().map(ByteString::new).toList();
  }
}
