package nixbuildshell.nix;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import nixbuildshell.ByteString;
import nixbuildshell.nix.NixProgram.Unanswered;

/**
 * Questions to the store, for {@code nix-store} to answer: from the daemon or from the database,
 * whichever Nix does for this caller.
 *
 * @param nixStore the program
 */
public record StoreQuery(NixProgram nixStore) {

  /**
   * All store paths that some refer to, directly or not, themselves among them.
   *
   * @throws Unanswered also when one of them is not valid
   */
  public List<ByteString> requisites(Collection<String> paths) throws Unanswered {
    return lines(nixStore, paths, "--query", "--requisites");
  }

  /** Those of some store paths that the store does not have as valid ones. */
  public List<ByteString> invalid(Collection<String> paths) throws Unanswered {
    return lines(nixStore, paths, "--check-validity", "--print-invalid");
  }

  private static List<ByteString> lines(
      NixProgram program, Collection<String> paths, String... options) throws Unanswered {
    if (paths.isEmpty()) {
      // Without a path it would ask for one on stdin, or fail.
      return List.of();
    }
    List<String> arguments = new ArrayList<>(List.of(options));
    arguments.addAll(paths);
    return program.run(arguments).latin1().lines().map(ByteString::new).toList();
  }
}
