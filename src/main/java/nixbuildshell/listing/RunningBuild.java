package nixbuildshell.listing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.LongPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import nixbuildshell.store.StorePath;

/**
 * Describes a build that runs in Nix's sandbox. Its first process has a root directory named after
 * the derivation, {@code /nix/store/….drv.chroot} or {@code …/root} in it, which every user can
 * read in {@code /proc/PID/mountinfo}. A build without a sandbox shows nothing of the kind.
 *
 * @param pid of the first process
 * @param uid of the build user
 * @param started empty where the host does not tell
 */
record RunningBuild(StorePath derivation, long pid, long uid, Optional<Instant> started) {
  private static final Pattern ROOT =
      Pattern.compile("(?:.*/)?([0-9a-z]{32}-[^/]+\\.drv)\\.chroot(?:/root)?");

  private static final Pattern UID = Pattern.compile("Uid:\\s*([0-9]+)\\s.*");
  private static final Pattern FIRST = Pattern.compile("NSpid:.*\\s1");

  /**
   * Finds the builds that run, the newest first.
   *
   * @param proc {@code /proc}
   * @param owners whether Nix can have a build run as a user: another user's process could have a
   *     root directory of any name
   */
  static List<RunningBuild> all(Path proc, LongPredicate owners) {
    List<RunningBuild> builds = new ArrayList<>();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(proc, "[0-9]*")) {
      for (Path process : processes) {
        of(process, owners).ifPresent(builds::add);
      }
    } catch (IOException e) {
      // There is no procfs.
    }
    builds.sort(
        Comparator.comparing((RunningBuild build) -> build.started.orElse(Instant.EPOCH))
            .reversed()
            .thenComparing(RunningBuild::pid));
    return builds;
  }

  private static Optional<RunningBuild> of(Path process, LongPredicate owners) {
    List<String> status = lines(process.resolve("status"));
    Optional<Long> uid =
        status.stream()
            .map(UID::matcher)
            .filter(Matcher::matches)
            .map(line -> Long.valueOf(line.group(1)))
            .findFirst();
    if (uid.filter(owners::test).isEmpty() || status.stream().noneMatch(FIRST.asMatchPredicate())) {
      return Optional.empty();
    }
    long pid = Long.parseLong(process.getFileName().toString());
    return lines(process.resolve("mountinfo")).stream()
        .flatMap(line -> derivation(line).stream())
        .findFirst()
        .map(
            derivation ->
                new RunningBuild(
                    derivation,
                    pid,
                    uid.get(),
                    ProcessHandle.of(pid).flatMap(handle -> handle.info().startInstant())));
  }

  /** Parses a line of mountinfo (proc(5)): the fourth field is the root within the file system. */
  private static Optional<StorePath> derivation(String line) {
    String[] fields = line.split(" ", 6);
    if (fields.length < 6 || !fields[4].equals("/")) {
      return Optional.empty();
    }
    Matcher root = ROOT.matcher(fields[3]);
    return root.matches()
        ? StorePath.find(root.group(1)).filter(StorePath::isDerivation)
        : Optional.empty();
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return List.of(); // The process has ended.
    }
  }
}
