package nixbuildshell.store;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import nixbuildshell.Failure;
import nixbuildshell.Malformed;

/**
 * Nix's build logs, which tell when a build ended: Nix closes the log and chmods the kept directory
 * right after. A derivation has one log, that of its last build.
 *
 * @param directory {@code /nix/var/log/nix/drvs}, but for tests
 */
public record BuildLogs(Path directory) {
  /**
   * How far the end of a log may lie from the directory's ctime. Measured with Nix 2.8 (25 builds,
   * up to eight at a time, four of them with every core taken): 0 or 4 ms, a tick of the kernel's
   * clock. A generous bound makes more builds ambiguous, and a tight one lets a slow machine's log
   * fall out and a neighbour's take its place: ambiguity asks, a wrong guess deceives.
   */
  static final Duration NEAR = Duration.ofSeconds(1);

  private static final List<String> SUFFIXES = List.of(".bz2", "");

  /** Whether the derivation's last build ended at that moment. */
  boolean endedAt(StorePath derivation, Instant moment) {
    String baseName = derivation.baseName();
    Path folder = directory.resolve(baseName.substring(0, 2));
    return SUFFIXES.stream()
        .anyMatch(suffix -> isNear(folder.resolve(baseName.substring(2) + suffix), moment));
  }

  /** The derivations whose last build ended at that moment, in the store or no longer, sorted. */
  List<StorePath> endingAt(Instant moment) {
    TreeSet<StorePath> found = new TreeSet<>();
    for (Path folder : list(directory)) {
      for (Path log : list(folder)) {
        derivationOf(folder, log).filter(derivation -> isNear(log, moment)).ifPresent(found::add);
      }
    }
    return List.copyOf(found);
  }

  private static Optional<StorePath> derivationOf(Path folder, Path log) {
    String name = folder.getFileName().toString() + log.getFileName();
    try {
      StorePath path =
          StorePath.ofBaseName(
              name.endsWith(".bz2") ? name.substring(0, name.length() - ".bz2".length()) : name);
      return Optional.of(path).filter(StorePath::isDerivation);
    } catch (Malformed e) {
      return Optional.empty();
    }
  }

  private static boolean isNear(Path log, Instant moment) {
    try {
      Instant end = Files.getLastModifiedTime(log, LinkOption.NOFOLLOW_LINKS).toInstant();
      return Duration.between(end, moment).abs().compareTo(NEAR) <= 0;
    } catch (IOException e) {
      // Logs come and go; one that can't be looked at tells nothing.
      return false;
    }
  }

  private static List<Path> list(Path folder) {
    List<Path> entries = new java.util.ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder)) {
      stream.forEach(entries::add);
    } catch (NoSuchFileException | NotDirectoryException e) {
      return List.of();
    } catch (IOException | DirectoryIteratorException e) {
      throw new Failure(
          "cannot list " + folder, String.valueOf(e.getMessage()), DerivationFinder.REMEDY, e);
    }
    return entries;
  }
}
