package nixbuildshell.view;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.Malformed;
import nixbuildshell.capture.Fact;
import nixbuildshell.capture.FailedBuild;
import nixbuildshell.capture.KeptDirectory;
import nixbuildshell.capture.Shell;
import nixbuildshell.console.Messages;
import nixbuildshell.nix.NixProgram;
import nixbuildshell.nix.NixProgram.Unanswered;
import nixbuildshell.store.Derivation;
import nixbuildshell.store.DerivationFinder;
import nixbuildshell.store.NixStore;
import nixbuildshell.store.StoreInputs;
import nixbuildshell.store.StorePath;
import nixbuildshell.store.StoreQuery;

/**
 * Finds what a build saw of the store when no manifest tells. That is the closures of its
 * derivation's inputs and of the {@code sandbox-paths} in the store, without the build's own
 * outputs ({@code startBuilder} in local-derivation-goal.cc).
 */
record InputClosure(
    NixStore store,
    DerivationFinder finder,
    KeptDirectory kept,
    FailedBuild build,
    Messages messages) {

  /** Tells the caller why the closure cannot be known. */
  static final class Unknown extends Exception {
    private static final long serialVersionUID = 1;

    Unknown(String why, String remedy) {
      super(why + (remedy.isEmpty() ? "" : "; " + remedy));
    }
  }

  /**
   * Returns the store paths.
   *
   * @param nixStore the program of that name
   * @param sandboxPaths the host paths that the sandbox shows
   * @throws Failure naming all inputs that are gone from the store
   * @throws java.util.concurrent.CancellationException when the program was cancelled
   */
  List<StorePath> paths(Optional<NixProgram> nixStore, SandboxPaths sandboxPaths) throws Unknown {
    if (nixStore.isEmpty()) {
      throw new Unknown("there is no nix-store on PATH", "put Nix's programs on the PATH");
    }
    Derivation derivation = derivation();
    StoreInputs inputs = inputs(derivation);
    StoreQuery query = new StoreQuery(nixStore.get(), store);
    Set<StorePath> paths =
        closure(query, inputs, sandboxPaths.inStore(), new Tools(store, sandboxPaths.tools()));
    paths.removeAll(derivation.outputPaths().values());
    paths.removeAll(outputs());
    messages.detail(
        paths.size()
            + " store paths are shown: the closure of the build's inputs"
            + (sandboxPaths.tools().isEmpty() ? "" : " and of --sandbox-path"));
    return List.copyOf(paths);
  }

  /** Returns the inputs with the derivations that make them, as far as they are known. */
  StoreInputs inputs() {
    try {
      return inputs(derivation());
    } catch (Unknown e) {
      return new StoreInputs(Map.of());
    }
  }

  private StoreInputs inputs(Derivation derivation) throws Unknown {
    try {
      return StoreInputs.of(store, derivation);
    } catch (StoreInputs.Unknown e) {
      throw new Unknown(e.getMessage(), e.remedy());
    }
  }

  private Set<StorePath> outputs() {
    return build.store().outputs().values().stream().map(Fact::value).collect(Collectors.toSet());
  }

  /** Returns the derivation that is known, or the derivation that the outputs lead to. */
  private Derivation derivation() throws Unknown {
    try {
      if (build.derivation().isPresent()) {
        return store.read(build.derivation().get().value());
      }
      Set<StorePath> outputs = outputs();
      Optional<DerivationFinder.Found> found =
          finder
              .find(kept, outputs)
              .filter(each -> outputs.isEmpty() || each.derivation().makesOneOf(outputs));
      if (found.isPresent()) {
        String text = "the store's paths are known from " + found.get().describe();
        if (found.get().how().isGuess()) {
          messages.note(text);
        } else {
          messages.detail(text);
        }
        return found.get().derivation();
      }
    } catch (Failure e) {
      throw new Unknown(e.getMessage(), e.remedy());
    }
    throw new Unknown("its derivation is not found", DerivationFinder.REMEDY);
  }

  private Set<StorePath> closure(
      StoreQuery query, StoreInputs inputs, List<StorePath> more, Tools tools) throws Unknown {
    Set<StorePath> roots = new LinkedHashSet<>(inputs.origins().keySet());
    roots.addAll(more);
    roots.addAll(tools.paths());
    Set<StorePath> closure = requisites(query, roots, inputs, tools);
    Optional<StorePath> shell = shell();
    if (shell.isPresent() && !closure.contains(shell.get())) {
      messages.note(
          store.directory().path(shell.get())
              + " has the shell and is shown, though it is no input of the build");
      roots.add(shell.get());
      closure = requisites(query, roots, inputs, tools);
    }
    return closure;
  }

  /** Returns the store path of the shell; empty for {@code /bin/sh}, which a sandbox path gives. */
  private Optional<StorePath> shell() throws Unknown {
    Optional<ByteString> shell =
        build.run().shell().map(Fact::value).filter(path -> !path.equals(Shell.SYSTEM));
    try {
      return shell.isEmpty()
          ? Optional.empty()
          : Optional.of(store.directory().containing(shell.get()));
    } catch (Malformed e) {
      throw new Unknown("the shell " + shell.get() + ": " + e.getMessage(), "");
    }
  }

  /** Asks one question; only when it has no answer, asks which paths are to blame. */
  private Set<StorePath> requisites(
      StoreQuery query, Set<StorePath> roots, StoreInputs inputs, Tools tools) throws Unknown {
    try {
      return query.requisites(roots);
    } catch (Malformed e) {
      throw new Unknown(e.getMessage(), "");
    } catch (Unanswered e) {
      Set<StorePath> invalid = invalid(query, roots, e);
      List<StorePath> gone = new ArrayList<>(inputs.origins().keySet());
      gone.retainAll(invalid);
      if (!gone.isEmpty()) {
        throw inputs.gone(store, gone);
      }
      tools.requireNoneOf(invalid);
      // Nix does without a sandbox path that is not valid.
      Set<StorePath> valid = new LinkedHashSet<>(roots);
      if (!valid.removeAll(invalid)) {
        throw unanswered(e);
      }
      return requisites(query, valid, inputs, tools);
    }
  }

  private Set<StorePath> invalid(StoreQuery query, Set<StorePath> roots, Unanswered why)
      throws Unknown {
    try {
      return query.invalid(roots);
    } catch (Malformed e) {
      throw new Unknown(e.getMessage(), "");
    } catch (Unanswered e) {
      throw unanswered(why);
    }
  }

  private static Unknown unanswered(Unanswered why) {
    return new Unknown(why.getMessage(), "see that nix-store --query --requisites works");
  }
}
