package nixbuildshell.capture;

import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.Malformed;
import nixbuildshell.files.Answers;
import nixbuildshell.files.FileSystem;
import nixbuildshell.nix.Caller;
import nixbuildshell.store.DerivationFinder.OfLog;
import nixbuildshell.store.KeptTimes;
import nixbuildshell.store.NixStore;
import nixbuildshell.store.StorePath;

/**
 * Finds the kept failures of a derivation, or of the derivation of an output: by the manifest, else
 * by the build logs' times.
 */
record FailuresOf(Caller caller, FileSystem files, NixStore nix) {

  /** Returns the newest that the caller may read; empty when there is none, or none is certain. */
  Optional<ByteString> newest(ByteString path) {
    try {
      StorePath named = nix.directory().containing(path);
      Set<StorePath> outputs = outputs(named);
      List<KeptDirectories.Listed> all = new KeptDirectories(caller, files, nix).all();
      Map<KeptTimes, OfLog> logs =
          KeptDirectories.finder(caller, files, nix, Answers.NONE)
              .byLogs(all.stream().map(KeptDirectories.Listed::times).toList());
      return all.stream()
          .filter(KeptDirectories.Listed::readable)
          .filter(
              each ->
                  each.manifest()
                      .map(manifest -> manifest.store().outputs().values())
                      .filter(made -> !made.isEmpty())
                      .map(made -> hasOneOf(made, outputs))
                      .orElseGet(() -> isOf(logs.get(each.times()), named)))
          .map(KeptDirectories.Listed::path)
          .findFirst();
    } catch (Malformed | Failure e) {
      return Optional.empty(); // The message says what the path is.
    }
  }

  /** Returns the outputs of a derivation, or the path itself. */
  private Set<StorePath> outputs(StorePath named) {
    return isDerivation(named)
        ? new HashSet<>(nix.read(named).built(named).outputPaths().values())
        : Set.of(named);
  }

  private static boolean isDerivation(StorePath path) {
    return path.name().endsWith(".drv");
  }

  private static boolean hasOneOf(Collection<StorePath> made, Set<StorePath> outputs) {
    return made.stream().anyMatch(outputs::contains);
  }

  private boolean isOf(OfLog log, StorePath named) {
    if (log == null || isDerivation(named)) {
      return log != null && log.derivation().equals(named);
    }
    try {
      return outputs(log.derivation()).contains(named);
    } catch (Failure e) {
      return false; // The derivation is gone.
    }
  }
}
