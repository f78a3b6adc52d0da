package nixbuildshell.capture;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.files.FileSystem;
import nixbuildshell.nix.Caller;
import nixbuildshell.store.DerivationFinder;
import nixbuildshell.store.DerivationFinder.Found;
import nixbuildshell.store.EndOrder;
import nixbuildshell.store.EndOrders;
import nixbuildshell.store.Evidence;
import nixbuildshell.store.KeptName;
import nixbuildshell.store.LogEnd;
import nixbuildshell.store.NixStore;
import nixbuildshell.store.StorePath;

/**
 * Finds the kept directories of builds that failed since a moment, and tells which builds these
 * were.
 *
 * @param finder reads build logs, too
 * @param orders tells what Nix did first at the end of a build
 * @param refused decides whether Nix has refused the output of this derivation for its hash
 */
public record NewFailures(
    Caller caller,
    FileSystem files,
    NixStore store,
    DerivationFinder finder,
    EndOrders orders,
    BiPredicate<Evidence, StorePath> refused) {
  /** How long Nix takes, from a failure on, to kill the builds beside it. */
  private static final Duration LONGEST_KILL = Duration.ofSeconds(2);

  /**
   * Describes a failed build.
   *
   * @param path of the directory that Nix named
   * @param name the derivation's, or the directory's where that is not known
   * @param derivation empty when it is not known for certain
   * @param named whether the caller has to name the derivation, since the directory and the logs
   *     leave more than one
   * @param phase in which it failed or was stopped, when known
   * @param end how it ended, when its log tells
   * @param order what Nix did first then
   * @param changed when it ended
   * @param what the sentence for the caller
   */
  public record Failed(
      ByteString path,
      String name,
      Optional<StorePath> derivation,
      boolean named,
      Optional<String> phase,
      Optional<LogEnd.Kind> end,
      EndOrder order,
      Instant changed,
      String what) {
    /** Decides whether Nix killed it, for instance since another build had failed. */
    public boolean isStopped() {
      return end.filter(LogEnd.Kind.STOPPED::equals).isPresent();
    }

    /** Adds to the sentence of a stopped build why Nix killed it. */
    private Failed explained(List<Failed> all) {
      return new Failed(path, name, derivation, named, phase, end, order, changed, what + why(all));
    }

    /**
     * Says why Nix killed the build. After a failure Nix kills all others at once, or goes on
     * (keep-going). With Nix 2.8, what it kills for its time and what it refuses has its last
     * change only when all builds have ended.
     */
    private String why(List<Failed> all) {
      boolean wentOn =
          all.stream()
              .filter(other -> other.end.filter(LogEnd.Kind.FAILED::equals).isPresent())
              .anyMatch(other -> gapFrom(other).compareTo(LONGEST_KILL) >= 0);
      List<Failed> beside =
          all.stream()
              .filter(other -> other != this && gapFrom(other).abs().compareTo(LONGEST_KILL) < 0)
              .toList();
      if (!wentOn && beside.stream().anyMatch(it -> !it.isStopped() && !gapFrom(it).isNegative())) {
        return ", since another build failed";
      }
      return (wentOn || beside.stream().noneMatch(Failed::isStopped)
              ? ": it"
              : ": it or another build")
          + " took too long or wrote too much (timeout, max-silent-time, max-log-size)";
    }

    private Duration gapFrom(Failed other) {
      return Duration.between(other.changed, changed);
    }
  }

  /**
   * Returns the builds that failed: those that failed by themselves before those that Nix stopped,
   * the first to end first.
   *
   * @param started what the front end's Nix began to build here; empty when it did not tell. A
   *     build of another derivation is another client's
   */
  public List<Failed> since(Instant moment, Optional<Set<StorePath>> started) {
    List<Failed> failures = new ArrayList<>();
    for (KeptDirectories.Listed each : newest(moment)) {
      if (each.readable()) {
        readable(each.path(), started).ifPresent(failures::add);
      }
    }
    failures.sort(Comparator.comparing(Failed::isStopped));
    return failures;
  }

  /** Adds why Nix killed those that it stopped of the builds of one front end. */
  public static List<Failed> explained(List<Failed> own) {
    return own.stream().map(each -> each.isStopped() ? each.explained(own) : each).toList();
  }

  /**
   * Returns the directories, changed since a moment, that the caller may not read. An interrupted
   * Nix leaves such. A running build has one, too; but then its owner has a process.
   */
  public List<ByteString> closedSince(Instant moment) {
    Set<Long> busy = owners(Path.of("/proc"));
    return newest(moment).stream()
        .filter(each -> !each.readable() && !busy.contains(each.owner()))
        .map(KeptDirectories.Listed::path)
        .toList();
  }

  private List<KeptDirectories.Listed> newest(Instant moment) {
    return new KeptDirectories(caller, files, store)
        .since(moment).stream()
            .sorted(Comparator.comparing(each -> each.times().changed()))
            .toList();
  }

  private static Set<Long> owners(Path directory) {
    Set<Long> owners = new HashSet<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, "[0-9]*")) {
      for (Path entry : entries) {
        owner(entry).ifPresent(owners::add);
      }
    } catch (IOException | DirectoryIteratorException e) {
      // Without procfs, no directory is known to be of a running build.
    }
    return owners;
  }

  private static Optional<Long> owner(Path process) {
    try {
      return Optional.of((Integer) Files.getAttribute(process, "unix:uid") & 0xFFFFFFFFL);
    } catch (IOException e) {
      return Optional.empty(); // It has ended.
    }
  }

  private static Optional<String> nameIn(ByteString path) {
    return KeptName.at(path).flatMap(KeptName::derivation);
  }

  private Optional<Failed> readable(ByteString path, Optional<Set<StorePath>> started) {
    try (KeptDirectory kept = KeptDirectory.open(files, path)) {
      Optional<FailedBuild> build = build(kept);
      Optional<StorePath> found =
          build.flatMap(known -> FailureStory.derivation(kept, known, finder)).map(Found::path);
      Optional<StorePath> told = found.or(() -> seen(kept, path));
      Set<StorePath> possible = started.orElse(Set.of());
      if (started.isPresent()
          && (possible.isEmpty() || told.isPresent() && !possible.contains(told.get()))) {
        return Optional.empty();
      }
      Optional<StorePath> derivation = told.or(() -> only(kept, possible));
      EndOrder order =
          derivation.map(drv -> orders.of(path, kept.changed(), drv)).orElse(EndOrder.UNKNOWN);
      Optional<LogEnd> logged = derivation.flatMap(drv -> finder.end(kept, drv, order));
      boolean mismatches =
          logged.isPresent()
              && !logged.get().kind().equals(LogEnd.Kind.STOPPED)
              && derivation.filter(drv -> refused.test(kept, drv)).isPresent();
      Optional<LogEnd> end =
          mismatches ? logged.map(it -> new LogEnd(LogEnd.Kind.REFUSED, it.text())) : logged;
      String name =
          derivation.map(StorePath::derivationName).orElse(nameIn(path).orElse(path.toString()));
      return Optional.of(
          new Failed(
              path,
              name,
              derivation,
              found.isEmpty() && derivation.isPresent(),
              build
                  .flatMap(FailedBuild::manifest)
                  .flatMap(manifest -> manifest.end().phase())
                  .map(ByteString::toString)
                  .or(() -> end.flatMap(it -> it.text().phase())),
              end.map(LogEnd::kind),
              order,
              kept.changed(),
              build
                  .flatMap(BuildReport::whatFailed)
                  .or(() -> end.filter(it -> mismatches).map(it -> mismatch(name)))
                  .or(() -> end.flatMap(it -> it.sentence(name)))
                  .orElse(name + " failed")));
    } catch (Failure e) {
      return Optional.empty(); // It is gone meanwhile.
    }
  }

  private static String mismatch(String name) {
    return "the output of " + name + " has another hash than its derivation says";
  }

  private Optional<FailedBuild> build(KeptDirectory kept) {
    try {
      return Optional.of(
          Reconstruction.of(
              kept, Request.of(Optional.empty(), false, false, caller, path -> false), finder));
    } catch (Failure e) {
      return Optional.empty(); // More than one derivation fits, or none; entering it will say why.
    }
  }

  /** Returns the derivation whose log was seen to be the directory's, where its times fit, too. */
  private Optional<StorePath> seen(Evidence kept, ByteString path) {
    return orders
        .derivation(path, kept.changed())
        .filter(drv -> drv.derivationName().equals(nameIn(path).orElse(drv.derivationName())))
        .filter(drv -> finder.end(kept, drv, orders.of(path, kept.changed(), drv)).isPresent());
  }

  /** Returns the only one of these derivations whose log fits the directory. */
  private Optional<StorePath> only(Evidence kept, Set<StorePath> started) {
    List<StorePath> fitting =
        started.stream()
            .filter(drv -> finder.end(kept, drv, EndOrder.UNKNOWN).isPresent())
            .toList();
    return fitting.size() == 1 ? Optional.of(fitting.get(0)) : Optional.empty();
  }
}
