package nixbuildshell.view;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.Malformed;
import nixbuildshell.capture.Fact;
import nixbuildshell.capture.FailedBuild;
import nixbuildshell.capture.KeptDirectory;
import nixbuildshell.capture.Shell;
import nixbuildshell.console.Messages;
import nixbuildshell.nix.Caller;
import nixbuildshell.nix.NixProgram;
import nixbuildshell.nix.NixProgram.Unanswered;
import nixbuildshell.store.Derivation;
import nixbuildshell.store.DerivationFinder;
import nixbuildshell.store.NixStore;
import nixbuildshell.store.StoreInputs;
import nixbuildshell.store.StorePath;
import nixbuildshell.store.StoreQuery;

/**
 * The store as a build saw it, when no manifest tells: the closures of its derivation's inputs and
 * of the {@code sandbox-paths} that lie in the store, without its own outputs ({@code startBuilder}
 * in local-derivation-goal.cc).
 */
final class InputClosure {
  private final KeptDirectory kept;
  private final FailedBuild build;
  private final SandboxPaths sandboxPaths;
  private final StoreQuery store;
  private final Messages messages;
  private final DerivationFinder finder;

  private InputClosure(
      NixStore nix,
      KeptDirectory kept,
      FailedBuild build,
      SandboxPaths sandboxPaths,
      StoreQuery store,
      Messages messages) {
    this.finder = new DerivationFinder(nix);
    this.kept = kept;
    this.build = build;
    this.sandboxPaths = sandboxPaths;
    this.store = store;
    this.messages = messages;
  }

  /** Why it cannot be known, for the person. */
  static final class Unknown extends Exception {
    private static final long serialVersionUID = 1;

    Unknown(String why, String remedy) {
      super(why + (remedy.isEmpty() ? "" : "; " + remedy));
    }
  }

  /**
   * Finds it out.
   *
   * @param sandboxPaths those that the sandbox has
   * @param cancelled whether to stop asking Nix
   * @throws Failure naming all inputs that are gone from the store
   * @throws java.util.concurrent.CancellationException when that was asked for
   */
  static List<StorePath> of(
      NixStore nix,
      KeptDirectory kept,
      FailedBuild build,
      SandboxPaths sandboxPaths,
      Caller caller,
      BooleanSupplier cancelled,
      Messages messages)
      throws Unknown {
    NixProgram program =
        NixProgram.find(caller, "nix-store", cancelled)
            .orElseThrow(
                () ->
                    new Unknown("there is no nix-store on PATH", "put Nix's programs on the PATH"));
    StoreQuery query = new StoreQuery(program, nix);
    return new InputClosure(nix, kept, build, sandboxPaths, query, messages).paths();
  }

  /** Returns the inputs of a build, as far as they are known. */
  static StoreInputs inputs(
      NixStore nix, KeptDirectory kept, FailedBuild build, Messages messages) {
    InputClosure closure = new InputClosure(nix, kept, build, null, null, messages);
    try {
      return closure.inputs(closure.derivation());
    } catch (Unknown e) {
      return new StoreInputs(Map.of());
    }
  }

  private StoreInputs inputs(Derivation derivation) throws Unknown {
    try {
      return StoreInputs.of(finder.store(), derivation);
    } catch (StoreInputs.Unknown e) {
      throw new Unknown(e.getMessage(), e.remedy());
    }
  }

  private List<StorePath> paths() throws Unknown {
    Derivation derivation = derivation();
    StoreInputs inputs = inputs(derivation);
    Set<StorePath> paths = closure(inputs);
    paths.removeAll(derivation.outputPaths().values());
    paths.removeAll(build.store().outputs().values().stream().map(Fact::value).toList());
    messages.detail(paths.size() + " store paths are shown: the closure of the build's inputs");
    return List.copyOf(paths);
  }

  /** The one that the build is known to be of, or else the one that its outputs lead to. */
  private Derivation derivation() throws Unknown {
    try {
      if (build.derivation().isPresent()) {
        return finder.store().read(build.derivation().get().value());
      }
      Set<StorePath> outputs =
          build.store().outputs().values().stream().map(Fact::value).collect(Collectors.toSet());
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

  private Set<StorePath> closure(StoreInputs inputs) throws Unknown {
    Set<StorePath> roots = new LinkedHashSet<>(inputs.origins().keySet());
    roots.addAll(sandboxPaths.inStore());
    Set<StorePath> closure = requisites(roots, inputs);
    Optional<StorePath> shell = shell();
    if (shell.isPresent() && !closure.contains(shell.get())) {
      messages.note(
          finder.store().directory().path(shell.get())
              + " has the shell and is shown, though it is no input of the build");
      roots.add(shell.get());
      closure = requisites(roots, inputs);
    }
    return closure;
  }

  private Optional<StorePath> shell() throws Unknown {
    if (build.run().shell().isEmpty() || build.run().shell().get().value().equals(Shell.SYSTEM)) {
      return Optional.empty(); // That of sandbox-paths is among the roots.
    }
    ByteString shell = build.run().shell().get().value();
    try {
      return Optional.of(finder.store().directory().containing(shell));
    } catch (Malformed e) {
      throw new Unknown("the shell " + shell + ": " + e.getMessage(), "");
    }
  }

  /** One question; only when it has no answer, another one asks which paths are to blame. */
  private Set<StorePath> requisites(Set<StorePath> roots, StoreInputs inputs) throws Unknown {
    try {
      return store.requisites(roots);
    } catch (Malformed e) {
      throw new Unknown(e.getMessage(), "");
    } catch (Unanswered e) {
      Set<StorePath> invalid = invalid(roots, e);
      List<StorePath> gone = new ArrayList<>(inputs.origins().keySet());
      gone.retainAll(invalid);
      if (!gone.isEmpty()) {
        throw inputs.gone(finder.store(), gone);
      }
      // Nix does without a sandbox path that is not valid.
      Set<StorePath> valid = new LinkedHashSet<>(roots);
      if (!valid.removeAll(invalid)) {
        throw unanswered(e);
      }
      return requisites(valid, inputs);
    }
  }

  private Set<StorePath> invalid(Set<StorePath> roots, Unanswered why) throws Unknown {
    try {
      return store.invalid(roots);
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
