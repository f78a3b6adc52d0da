package nixbuildshell.store;

import java.io.IOException;
import java.io.UncheckedIOException;
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
import java.util.stream.Stream;

/**
 * Tells from Nix's build logs when builds ended: Nix closes the log and chmods the kept directory
 * right after. A derivation has one log, that of its last build.
 *
 * @param directory {@code /nix/var/log/nix/drvs}
 */
record BuildLogs(Path directory) {
  /**
   * Bounds the time between the end of a log and the directory's ctime. With Nix 2.8 it was 0 or 4
   * ms, a tick of the kernel's clock (25 builds, up to eight at a time, four of them with every
   * core taken). A wide bound makes more builds ambiguous, and then the caller has to choose. A
   * narrow bound is worse: on a slow machine it would miss the log and silently take another
   * build's.
   */
  private static final Duration NEAR = Duration.ofSeconds(1);

  private static final String COMPRESSED = ".bz2";

  /** Decides whether the derivation's last build ended at that moment. */
  boolean endedAt(StorePath derivation, Instant moment) {
    String baseName = derivation.baseName();
    String log = baseName.substring(0, 2) + "/" + baseName.substring(2);
    return isNear(directory.resolve(log + COMPRESSED), moment)
        || isNear(directory.resolve(log), moment);
  }

  /** Lists the derivations whose last build ended at that moment, in the store or not, sorted. */
  List<StorePath> endingAt(Instant moment) throws IOException {
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
    int end = name.endsWith(COMPRESSED) ? name.length() - COMPRESSED.length() : name.length();
    return StorePath.find(name.substring(0, end)).filter(StorePath::isDerivation);
  }

  private static boolean isNear(Path log, Instant moment) {
    try {
      Instant end = Files.getLastModifiedTime(log, LinkOption.NOFOLLOW_LINKS).toInstant();
      return Duration.between(end, moment).abs().compareTo(NEAR) <= 0;
    } catch (IOException e) {
      // Logs come and go; an unreadable log tells nothing.
      return false;
    }
  }

  private static List<Path> list(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.toList();
    } catch (NoSuchFileException | NotDirectoryException e) {
      return List.of();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }
}
