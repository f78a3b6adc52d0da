package nixbuildshell.listing;

import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.capture.KeptDirectories;
import nixbuildshell.capture.Manifest;
import nixbuildshell.capture.TmpfilesRules;
import nixbuildshell.files.TreeSize;
import nixbuildshell.store.DerivationFinder;
import nixbuildshell.store.KeptName;
import nixbuildshell.store.StorePath;

/**
 * Holds what a list tells of a kept directory.
 *
 * @param log whose build log belongs to it; empty where the times do not tell for sure
 * @param phaseOfLog the last phase that the log names; empty when the log was not read
 * @param owner the name of the user who owns it
 * @param size empty when it was not asked for
 */
record KeptRow(
    KeptDirectories.Listed directory,
    Optional<DerivationFinder.OfLog> log,
    Optional<String> phaseOfLog,
    String owner,
    Optional<TmpfilesRules.Removal> removal,
    Optional<TreeSize> size) {

  Optional<String> name() {
    return directory
        .manifest()
        .flatMap(Manifest::name)
        .or(() -> directory.times().derivation())
        .or(() -> derivation().map(StorePath::derivationName));
  }

  Optional<StorePath> derivation() {
    return log.map(DerivationFinder.OfLog::derivation);
  }

  Optional<String> id() {
    return directory.manifest().flatMap(Manifest::id);
  }

  Optional<ByteString> phase() {
    return directory
        .manifest()
        .flatMap(known -> known.end().phase())
        .filter(phase -> !phase.isEmpty())
        .or(() -> phaseOfLog.map(ByteString::of));
  }

  Optional<Integer> exitCode() {
    return directory.manifest().flatMap(known -> known.end().exitCode());
  }

  /** Returns how the build ended: "failed", "stopped" or "refused"; empty when unknown. */
  Optional<String> outcome() {
    return exitCode().isPresent()
        ? Optional.of("failed")
        : log.flatMap(DerivationFinder.OfLog::end).map(end -> end.name().toLowerCase(Locale.ROOT));
  }

  Instant changed() {
    return directory.times().changed();
  }

  /** Returns the moment when a rule by age begins to remove it. */
  Optional<Instant> removedAt() {
    return removal.flatMap(TmpfilesRules.Removal::age).map(changed()::plus);
  }

  boolean isOf(ByteString origin) {
    String path = directory.path().latin1();
    String inner =
        path + "/" + KeptName.at(directory.path()).map(KeptName::inner).orElse(KeptName.INNER);
    return origin.latin1().equals(path) || origin.latin1().equals(inner);
  }
}
