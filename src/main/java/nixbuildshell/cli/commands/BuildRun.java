package nixbuildshell.cli.commands;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.Malformed;
import nixbuildshell.capture.EndWatch;
import nixbuildshell.capture.KeptDirectories;
import nixbuildshell.capture.NewFailures;
import nixbuildshell.capture.NewFailures.Failed;
import nixbuildshell.capture.NothingLeft;
import nixbuildshell.console.ShellWord;
import nixbuildshell.files.Answers;
import nixbuildshell.files.FileSystem;
import nixbuildshell.nix.BuildRecords;
import nixbuildshell.nix.Builders;
import nixbuildshell.nix.Caller;
import nixbuildshell.nix.FrontEnd;
import nixbuildshell.nix.NixProgram;
import nixbuildshell.nix.NixVersion;
import nixbuildshell.store.DerivationFinder;
import nixbuildshell.store.EndOrders;
import nixbuildshell.store.Evidence;
import nixbuildshell.store.NixStore;
import nixbuildshell.store.StartedBuilds;
import nixbuildshell.store.StorePath;
import nixbuildshell.view.RefusedOutput;
import nixbuildshell.view.StoreChoice;

/**
 * Runs the caller's program, and finds out which builds failed.
 *
 * @param command the program and its arguments
 * @param ofNix whether it takes Nix's own arguments
 * @param recorded whether this host's Nix can tell what it builds
 */
record BuildRun(
    Caller caller,
    FileSystem files,
    NixStore store,
    List<ByteString> command,
    boolean ofNix,
    boolean recorded) {
  private static final String RECORDS = "json-log-path";

  /** A file's ctime is that of the last tick of the kernel's clock. */
  private static final Duration TICK = Duration.ofMillis(20);

  /** How long Nix takes from the first failure to its own end, when it builds on no longer. */
  private static final Duration LONGEST_END = Duration.ofSeconds(2);

  static BuildRun of(
      Caller caller,
      FileSystem files,
      Optional<ByteString> store,
      List<ByteString> command,
      boolean ofNix) {
    return new BuildRun(
        caller, files, StoreChoice.of(caller, files, store), command, ofNix, hasRecords(caller));
  }

  /** Decides whether Nix has {@code json-log-path}, since 2.30: another would warn about it. */
  private static boolean hasRecords(Caller caller) {
    Optional<NixProgram> nix = NixProgram.find(caller, "nix", () -> false);
    if (nix.isEmpty() || caller.settings().get(RECORDS).isPresent()) {
      return false;
    }
    try {
      return NixVersion.of(nix.get()).filter(it -> !it.lix() && it.isAtLeast(2, 30)).isPresent();
    } catch (NixProgram.Unanswered e) {
      return false;
    }
  }

  /**
   * Runs the program to its end.
   *
   * @param toStderr whether what it writes to stdout goes to stderr
   */
  Built run(boolean toStderr) {
    StartedBuilds started = new StartedBuilds(store.directory());
    Instant start = Instant.now().minus(TICK);
    Optional<BuildRecords> records = records(started);
    Optional<EndWatch> ends = EndWatch.begin(caller, files, store);
    List<String> settings =
        Stream.concat(Stream.of("keep-failed = true"), records.map(BuildRecords::setting).stream())
            .toList();
    FrontEnd.Ended ended;
    try {
      ended = new FrontEnd(command, settings).run(caller, toStderr);
    } finally {
      records.ifPresent(BuildRecords::close);
      ends.ifPresent(EndWatch::close);
    }
    return ended.status() == 0
        ? new Built(0, ended.interrupted(), store.directory(), List.of(), List.of())
        : failed(
            ended,
            start,
            started,
            records.filter(BuildRecords::wereHeard).isPresent(),
            ends.map(EndWatch::orders).orElseGet(EndOrders::new));
  }

  private Optional<BuildRecords> records(StartedBuilds started) {
    try {
      return recorded ? Optional.of(BuildRecords.listen(started::add)) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty(); // The directories and the logs tell nearly as much.
    }
  }

  private Built failed(
      FrontEnd.Ended ended, Instant start, StartedBuilds started, boolean heard, EndOrders orders) {
    DerivationFinder finder =
        KeptDirectories.finder(caller, files, store, Answers.NONE, () -> false, any -> {});
    NewFailures news = new NewFailures(caller, files, store, finder, orders, this::isRefused);
    List<Failed> found = news.since(start, heard ? Optional.of(started.here()) : Optional.empty());
    Optional<Set<StorePath>> wanted =
        heard
            ? Optional.of(started.here())
            : found.size() == 1 && isItsOwn(found.get(0)) ? Optional.empty() : toBuild();
    List<String> notes = new ArrayList<>();
    List<Failed> own =
        found.stream().filter(each -> wanted.map(all -> isOneOf(each, all)).orElse(true)).toList();
    List<Failed> failures = last(ended.interrupted() ? own : NewFailures.explained(own), notes);
    if (ended.interrupted()) {
      news.closedSince(start).forEach(path -> notes.add(closed(path)));
    } else {
      notes.addAll(
          nothingLeft(
              new NothingLeft(finder, Builders.of(caller)),
              start,
              started,
              failures,
              wanted,
              heard));
    }
    return new Built(ended.status(), ended.interrupted(), store.directory(), failures, notes);
  }

  private boolean isRefused(Evidence kept, StorePath derivation) {
    return new RefusedOutput(caller, files, store, () -> false)
        .of(kept, derivation)
        .filter(RefusedOutput.Found::certain)
        .isPresent();
  }

  /** Decides whether the program may have ended since this build of its store failed. */
  private static boolean isItsOwn(Failed failed) {
    return failed.derivation().isPresent()
        && failed.changed().plus(LONGEST_END).isAfter(Instant.now());
  }

  /**
   * Returns the last failure of each derivation. When another client builds the same derivation,
   * Nix waits for that build, and then builds itself.
   */
  private static List<Failed> last(List<Failed> failures, List<String> notes) {
    List<Failed> last = new ArrayList<>();
    for (Failed each : failures) {
      boolean again =
          failures.stream()
              .anyMatch(
                  other ->
                      each.derivation().isPresent()
                          && other.derivation().equals(each.derivation())
                          && other.changed().isAfter(each.changed()));
      if (again) {
        notes.add(
            ShellWord.quote(each.path())
                + " is another build's of the same derivation, which ended before");
      } else {
        last.add(each);
      }
    }
    return last;
  }

  private static List<String> nothingLeft(
      NothingLeft explained,
      Instant start,
      StartedBuilds started,
      List<Failed> failures,
      Optional<Set<StorePath>> wanted,
      boolean heard) {
    Set<StorePath> known = new HashSet<>(started.elsewhere().keySet());
    failures.forEach(each -> each.derivation().ifPresent(known::add));
    List<String> lines = new ArrayList<>(explained.elsewhere(started.elsewhere()));
    // Without records, what failed besides is perhaps another client's.
    if (failures.isEmpty()
        || heard && failures.stream().allMatch(it -> it.derivation().isPresent())) {
      lines.addAll(
          explained.here(
              start,
              drv -> !known.contains(drv) && wanted.map(all -> all.contains(drv)).orElse(true)));
    }
    return failures.isEmpty() && lines.isEmpty() ? List.of(NothingLeft.noBuild()) : lines;
  }

  /** Decides by the derivation, or by its name where that alone is known. */
  private static boolean isOneOf(Failed failed, Set<StorePath> wanted) {
    return failed
        .derivation()
        .map(wanted::contains)
        .orElseGet(
            () ->
                failed.name().startsWith("/") && !wanted.isEmpty()
                    || wanted.stream().anyMatch(it -> it.derivationName().equals(failed.name())));
  }

  /**
   * Asks Nix what it still has to build, which tells the program's own failures from those of other
   * clients of this host. Nix must not build for that what the expression needs.
   *
   * @return empty when Nix cannot say
   */
  private Optional<Set<StorePath>> toBuild() {
    List<String> settings = List.of("allow-import-from-derivation = false");
    return (ofNix
            ? new FrontEnd(command, settings).toBuild(caller)
            : Optional.<Set<ByteString>>empty())
        .map(all -> all.stream().flatMap(this::path).collect(Collectors.toSet()));
  }

  private Stream<StorePath> path(ByteString whole) {
    try {
      return Stream.of(store.directory().parse(whole));
    } catch (Malformed e) {
      return Stream.empty();
    }
  }

  private static String closed(ByteString path) {
    return "interrupted: only root can enter what that left: sudo nix-build-shell "
        + ShellWord.quote(path);
  }
}
