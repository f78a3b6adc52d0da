package nixbuildshell.store;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;
import nixbuildshell.nix.NixProgram;
import nixbuildshell.nix.NixProgram.Unanswered;

/**
 * Makes one indirect GC root for many store paths, as Nix's {@code result} is one: a link to a
 * derivation that is never built, and that refers to all of them. When the link is gone, the next
 * garbage collection takes what it held.
 *
 * @param program {@code nix-instantiate}
 */
public record GcRoot(NixProgram program, NixStore store) {

  /** Returns the Nix expression of a derivation that refers to some paths. */
  public ByteString expression(Collection<StorePath> paths) {
    return ByteString.of(
        paths.stream()
            .map(path -> "  \"" + store.directory().path(path) + "\"\n")
            .collect(
                Collectors.joining(
                    "",
                    "derivation {\n"
                        + "name = \"nix-build-shell-session\"; system = \"none\"; builder ="
                        + " \"none\";\n"
                        + "paths = map builtins.storePath [\n",
                    "]; }\n")));
  }

  /**
   * Makes the root.
   *
   * @param file has the expression
   * @param link the root, which must not exist
   * @throws Unanswered also when one of the paths is not valid
   */
  public void make(String file, String link) throws Unanswered {
    List<String> arguments = new ArrayList<>(List.of("--quiet", "--option", "substitute", "false"));
    store.uri().ifPresent(uri -> arguments.addAll(List.of("--store", uri)));
    arguments.addAll(List.of("--add-root", link, "--indirect", file));
    program.run(arguments);
  }
}
