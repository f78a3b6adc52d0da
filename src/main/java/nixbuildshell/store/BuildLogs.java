package nixbuildshell.store;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Tells from Nix's build logs when builds ended: Nix closes the log and chmods the kept directory
 * right after. A derivation has one log, that of its last build.
 *
 * @param directory {@code /nix/var/log/nix/drvs}
 */
public record BuildLogs(Path directory) {
  /**
   * Bounds the time between the end of a log and the directory's ctime. With Nix 2.8 it was 0 or 4
   * ms, a tick of the kernel's clock (25 builds, up to eight at a time, four of them with every
   * core taken). A wide bound makes more builds ambiguous, and then the caller has to choose. A
   * narrow bound is worse: on a slow machine it would miss the log and silently take another
   * build's.
   */
  private static final Duration NEAR = Duration.ofSeconds(1);

  private static final String COMPRESSED = ".bz2";

  /** Returns the logs of a store's derivations. */
  public static BuildLogs of(NixStore store) {
    return new BuildLogs(Path.of(store.logs(), "drvs"));
  }

  /** Decides whether the derivation's last build ended at that moment. */
  boolean endedAt(StorePath derivation, Instant moment) {
    return of(List.of(derivation)).stream()
        .anyMatch(log -> Duration.between(log.end(), moment).abs().compareTo(NEAR) <= 0);
  }

  /** Lists the logs of derivations, in the store or not. */
  List<Pairing.Log> all() throws IOException {
    List<Pairing.Log> logs = new ArrayList<>();
    for (Path folder : list(directory)) {
      for (Path log : list(folder)) {
        derivationOf(folder.getFileName().toString() + log.getFileName())
            .flatMap(drv -> log(drv, log))
            .ifPresent(logs::add);
      }
    }
    return logs;
  }

  /**
   * Lists the derivations of a name that have a log, in the store or not. A log lies in one of
   * 1,024 folders, which are far fewer than the store's entries.
   *
   * @param name without {@code .drv}
   */
  List<StorePath> derivationsNamed(String name) {
    List<StorePath> found = new ArrayList<>();
    String plain = "-" + name + ".drv";
    String compressed = plain + COMPRESSED;
    for (String folder : entries(directory.toFile())) {
      for (String log : entries(new File(directory.toFile(), folder))) {
        if (log.endsWith(compressed) || log.endsWith(plain)) {
          derivationOf(folder + log)
              .filter(path -> path.derivationName().equals(name))
              .ifPresent(found::add);
        }
      }
    }
    return found.stream().distinct().sorted().toList();
  }

  /** Unlike {@link Files#list}, needs no classes and no status of each entry. */
  private static String[] entries(File folder) {
    String[] names = folder.list();
    return names == null ? new String[0] : names;
  }

  /** Names a derivation's log by what changes with it; empty when there is none. */
  Optional<String> identity(StorePath derivation) {
    return Stream.of(COMPRESSED, "")
        .map(end -> file(derivation, end))
        .flatMap(file -> identity(file).stream())
        .findFirst();
  }

  private static Optional<String> identity(Path file) {
    try {
      BasicFileAttributes is =
          Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      long modified = is.lastModifiedTime().to(TimeUnit.NANOSECONDS);
      return Optional.of(file + "\n" + is.fileKey() + "\n" + is.size() + "\n" + modified);
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Lists the logs of these derivations. */
  List<Pairing.Log> of(List<StorePath> derivations) {
    return derivations.stream()
        .flatMap(
            derivation ->
                Stream.of(COMPRESSED, "")
                    .flatMap(end -> log(derivation, file(derivation, end)).stream()))
        .toList();
  }

  /** Reads a log that is not compressed; it may grow meanwhile. */
  LogText plain(StorePath derivation) {
    try (InputStream log = Files.newInputStream(file(derivation, ""), LinkOption.NOFOLLOW_LINKS)) {
      return LogText.of(log);
    } catch (IOException e) {
      return LogText.NONE;
    }
  }

  private Path file(StorePath derivation, String end) {
    String baseName = derivation.baseName();
    return directory.resolve(baseName.substring(0, 2)).resolve(baseName.substring(2) + end);
  }

  /** A birth after the end is that of a copy; Java gives the end where there is no birth. */
  private static Optional<Pairing.Log> log(StorePath derivation, Path file) {
    try {
      BasicFileAttributes attributes =
          Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      Instant end = attributes.lastModifiedTime().toInstant();
      Optional<Instant> birth =
          Optional.of(attributes.creationTime().toInstant()).filter(end::isAfter);
      return Optional.of(new Pairing.Log(derivation, birth, end));
    } catch (IOException e) {
      // Logs come and go; an unreadable log tells nothing.
      return Optional.empty();
    }
  }

  /**
   * Returns the derivation whose log this is.
   *
   * @param name of its folder and its own, joined
   */
  public static Optional<StorePath> derivationOf(String name) {
    int end = name.endsWith(COMPRESSED) ? name.length() - COMPRESSED.length() : name.length();
    return StorePath.find(name.substring(0, end)).filter(StorePath::isDerivation);
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
