package nixbuildshell.view;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
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
import nixbuildshell.store.RememberedClosures;
import nixbuildshell.store.ShownPaths;
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
    RememberedClosures remembered,
    DerivationFinder finder,
    KeptDirectory kept,
    FailedBuild build,
    Messages messages) {

  /** Holds the derivation whose inputs the build saw. */
  private record Source(StorePath path, Derivation derivation) {}

  /** Tells the caller why the closure cannot be known. */
  static final class Unknown extends Exception {
    private static final long serialVersionUID = 1;

    Unknown(String why, String remedy) {
      super(why + (remedy.isEmpty() ? "" : "; " + remedy));
    }
  }

  /**
   * Returns the store paths, and what they are.
   *
   * @param nixStore the program of that name
   * @param sandboxPaths the host paths that the sandbox shows
   * @throws Failure naming all inputs that are gone from the store
   * @throws java.util.concurrent.CancellationException when the program was cancelled
   */
  ShownPaths entries(Optional<NixProgram> nixStore, SandboxPaths sandboxPaths) throws Unknown {
    if (nixStore.isEmpty()) {
      throw new Unknown("there is no nix-store on PATH", "put Nix's programs on the PATH");
    }
    Source source = source();
    Optional<StorePath> shell = shell();
    Set<StorePath> outputs = outputs();
    outputs.addAll(source.derivation.outputPaths().values());
    Optional<ShownPaths> known =
        known(source.path, sandboxPaths)
            .filter(closure -> shell.isEmpty() || closure.entries().contains(name(shell.get())));
    ShownPaths entries;
    if (known.isPresent()) {
      entries = without(outputs, known.get());
    } else {
      Set<StorePath> paths =
          new Asking(new StoreQuery(nixStore.get(), store), source, sandboxPaths).paths(shell);
      paths.removeAll(outputs);
      entries = remembered.entries().all(paths, () -> StoreInputs.NONE);
    }
    messages.detail(
        entries.entries().size()
            + " store paths are shown: the closure of the build's inputs"
            + (sandboxPaths.tools().isEmpty() ? "" : " and of --sandbox-path"));
    return entries;
  }

  /** Returns the inputs with the derivations that make them, as far as they are known. */
  StoreInputs inputs() {
    try {
      return inputs(source().derivation);
    } catch (Unknown e) {
      return StoreInputs.NONE;
    }
  }

  private StoreInputs inputs(Derivation derivation) throws Unknown {
    try {
      return StoreInputs.of(store, derivation);
    } catch (StoreInputs.Unknown e) {
      throw new Unknown(e.getMessage(), e.remedy());
    }
  }

  private static ShownPaths without(Set<StorePath> outputs, ShownPaths known) {
    Set<ByteString> names = new HashSet<>();
    for (StorePath output : outputs) {
      if (known.entries().contains(name(output))) {
        names.add(name(output));
      }
    }
    return names.isEmpty() ? known : new ShownPaths(known.entries().without(names), known.owners());
  }

  private static ByteString name(StorePath path) {
    return new ByteString(path.baseName());
  }

  private Set<StorePath> outputs() {
    return build.store().outputs().values().stream().map(Fact::value).collect(Collectors.toSet());
  }

  /** Returns the derivation that is known, or the derivation that the outputs lead to. */
  private Source source() throws Unknown {
    try {
      if (build.derivation().isPresent()) {
        return new Source(build.derivation().get().value(), build.content().orElseThrow());
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
        return new Source(found.get().path(), found.get().derivation());
      }
    } catch (Failure e) {
      throw new Unknown(e.getMessage(), e.remedy());
    }
    throw new Unknown("its derivation is not found", DerivationFinder.REMEDY);
  }

  /** Returns what an earlier run was told; empty when Nix has to be asked for anything. */
  private Optional<ShownPaths> known(StorePath derivation, SandboxPaths sandboxPaths) {
    if (!sandboxPaths.ask()) {
      return Optional.empty();
    }
    return remembered.find(derivation, roots(sandboxPaths));
  }

  private static Set<StorePath> roots(SandboxPaths sandboxPaths) {
    Set<StorePath> roots = new LinkedHashSet<>(sandboxPaths.inStore());
    roots.addAll(sandboxPaths.tools());
    return roots;
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

  /** Asks Nix for the closure of one build. */
  private final class Asking {
    private final StoreQuery query;
    private final Source source;
    private final SandboxPaths sandboxPaths;
    private final StoreInputs inputs;
    private final Tools tools;

    private Asking(StoreQuery query, Source source, SandboxPaths sandboxPaths) throws Unknown {
      this.query = query;
      this.source = source;
      this.sandboxPaths = sandboxPaths;
      this.inputs = inputs(source.derivation);
      this.tools = new Tools(store, sandboxPaths.tools());
    }

    private Set<StorePath> paths(Optional<StorePath> shell) throws Unknown {
      Set<StorePath> roots = new LinkedHashSet<>(inputs.origins().keySet());
      roots.addAll(tools.paths());
      Optional<Set<StorePath>> told = sandboxPaths.ahead().closure(source.path, roots);
      Set<StorePath> closure;
      if (told.isEmpty() && sandboxPaths.ask()) {
        roots.addAll(sandboxPaths.inStore());
        closure = requisites(roots);
      } else {
        // Nix is asked for its sandbox paths at the same time, and these are seldom in the store.
        closure = told.isPresent() ? told.get() : requisites(roots);
        if (roots.addAll(sandboxPaths.inStore()) && !closure.containsAll(roots)) {
          closure = requisites(roots);
        }
      }
      if (closure.containsAll(roots)) {
        remembered.put(source.path, InputClosure.roots(sandboxPaths), closure);
      }
      if (shell.isPresent() && !closure.contains(shell.get())) {
        messages.note(
            store.directory().path(shell.get())
                + " has the shell and is shown, though it is no input of the build");
        roots.add(shell.get());
        closure = requisites(roots);
      }
      return closure;
    }

    /** Asks one question; only when it has no answer, asks which paths are to blame. */
    private Set<StorePath> requisites(Set<StorePath> roots) throws Unknown {
      try {
        return query.requisites(roots);
      } catch (Malformed e) {
        throw new Unknown(e.getMessage(), "");
      } catch (Unanswered e) {
        Set<StorePath> invalid = invalid(roots, e);
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
        return requisites(valid);
      }
    }

    private Set<StorePath> invalid(Set<StorePath> roots, Unanswered why) throws Unknown {
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
}
