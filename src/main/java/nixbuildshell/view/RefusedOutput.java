package nixbuildshell.view;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.Malformed;
import nixbuildshell.capture.FailedBuild;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.Status;
import nixbuildshell.nix.Caller;
import nixbuildshell.nix.NixProgram;
import nixbuildshell.nix.NixProgram.Unanswered;
import nixbuildshell.store.Derivation;
import nixbuildshell.store.Evidence;
import nixbuildshell.store.KeptTimes;
import nixbuildshell.store.NixStore;
import nixbuildshell.store.StorePath;
import nixbuildshell.store.StoreQuery;

/**
 * Finds the output that Nix refused because its hash is not the fixed one. Nix moves it to the path
 * of its real hash, makes that valid, and keeps the build directory ({@code registerOutputs} in
 * derivation-builder.cc; measured with 2.8, 2.26 and 2.34). What was there already stays, and 2.34
 * then leaves the output at its own path.
 */
public record RefusedOutput(
    Caller caller, FileSystem files, NixStore nix, BooleanSupplier cancelled) {
  /** Limits what Nix is asked about, the newest first. */
  private static final int MOST = 200;

  /** Bounds the time between the move and the directory's last change. */
  private static final Duration NEAR = Duration.ofSeconds(1);

  private static final Status.Time OF_VALID_PATHS = new Status.Time(1, 0);

  /**
   * Describes where the output is.
   *
   * @param expected the path that the derivation has for it
   * @param at the path of its real hash
   * @param certain whether it came there when the build ended; else it was there before, and the
   *     builder may have failed by itself
   */
  public record Found(StorePath expected, StorePath at, boolean certain) {}

  private record Candidate(StorePath path, Status status) {
    Instant made() {
      Status.Time time = status.born().orElse(status.changed());
      return Instant.ofEpochSecond(time.seconds(), time.nanoseconds());
    }
  }

  /** Returns the output; empty for all but a fixed output of a builder that may have succeeded. */
  public Optional<Found> of(Evidence kept, FailedBuild build) {
    if (build.manifest().isPresent() || build.derivation().isEmpty()) {
      return Optional.empty(); // The hook writes a manifest when the builder fails.
    }
    return of(kept, build.derivation().get().value(), build.content().orElseThrow());
  }

  /** Returns the output of a build that has no manifest. */
  public Optional<Found> of(Evidence kept, StorePath path) {
    try {
      return of(kept, path, nix.read(path));
    } catch (Failure e) {
      return Optional.empty(); // It is shown as a courtesy.
    }
  }

  private Optional<Found> of(Evidence kept, StorePath path, Derivation derivation) {
    try {
      StorePath expected = derivation.outputPaths().get("out");
      return derivation.isFixedOutput() && expected != null
          ? find(path, derivation, expected, kept.times())
          : Optional.empty();
    } catch (Failure | ErrnoException | Unanswered | Malformed e) {
      return Optional.empty(); // It is shown as a courtesy.
    }
  }

  private Optional<Found> find(
      StorePath drv, Derivation derivation, StorePath expected, KeptTimes times)
      throws ErrnoException, Unanswered, Malformed {
    try (Directory store = files.openDirectory(ByteString.of(nix.real()))) {
      Optional<Status> there = store.find(ByteString.of(expected.baseName()));
      if (there.isPresent()) {
        return there.get().modified().equals(OF_VALID_PATHS)
            ? Optional.of(new Found(expected, realPath(derivation, expected), true))
            : Optional.empty(); // The builder left it half-made.
      }
      List<Candidate> candidates = candidates(store, expected);
      for (Candidate each : sorted(drv, refused(candidates, times), times)) {
        if (realPath(derivation, each.path).equals(each.path)) {
          return Optional.of(new Found(expected, each.path, isOfBuild(each, times)));
        }
      }
      return Optional.empty();
    }
  }

  private List<Candidate> candidates(Directory store, StorePath expected) throws ErrnoException {
    List<Candidate> candidates = new ArrayList<>();
    for (StorePath path : nix.named(expected.name())) {
      store
          .find(ByteString.of(path.baseName()))
          .filter(status -> status.modified().equals(OF_VALID_PATHS))
          .map(status -> new Candidate(path, status))
          .ifPresent(candidates::add);
    }
    candidates.sort(Comparator.comparing(Candidate::made).reversed());
    return candidates.subList(0, Math.min(MOST, candidates.size()));
  }

  /** Holds a candidate and the derivation that made it, where Nix knows that. */
  private record Made(Candidate candidate, Optional<StorePath> deriver) {}

  /** Returns the valid ones that no build has made as it should. */
  private List<Made> refused(List<Candidate> candidates, KeptTimes times)
      throws Unanswered, Malformed {
    StoreQuery query = new StoreQuery(program("nix-store"), nix);
    Set<StorePath> invalid = query.invalid(candidates.stream().map(Candidate::path).toList());
    List<Candidate> valid =
        candidates.stream()
            .filter(each -> !invalid.contains(each.path))
            .filter(each -> !each.made().isAfter(times.changed().plus(NEAR)))
            .toList();
    List<Optional<StorePath>> derivers =
        query.derivers(valid.stream().map(Candidate::path).toList());
    List<Made> refused = new ArrayList<>();
    for (int i = 0; i < valid.size(); i++) {
      Candidate each = valid.get(i);
      Optional<Collection<StorePath>> outputs = derivers.get(i).flatMap(this::outputs);
      if (outputs.map(all -> !all.contains(each.path)).orElse(isOfBuild(each, times))) {
        refused.add(new Made(each, derivers.get(i)));
      }
    }
    return refused;
  }

  private Optional<Collection<StorePath>> outputs(StorePath derivation) {
    try {
      return Optional.of(nix.read(derivation).outputPaths().values());
    } catch (Failure e) {
      return Optional.empty(); // It has been garbage-collected.
    }
  }

  private List<Candidate> sorted(StorePath drv, List<Made> refused, KeptTimes times) {
    Comparator<Made> order =
        Comparator.comparing((Made each) -> isOfBuild(each.candidate, times))
            .thenComparing(each -> each.deriver.equals(Optional.of(drv)))
            .thenComparing(each -> each.candidate.made());
    return refused.stream().sorted(order.reversed()).map(Made::candidate).toList();
  }

  /** Decides whether a path was made while the build ran. */
  private static boolean isOfBuild(Candidate each, KeptTimes times) {
    return times.birth().filter(birth -> !each.made().isBefore(birth)).isPresent();
  }

  /** Returns the path that a content has by the derivation's method and algorithm. */
  private StorePath realPath(Derivation derivation, StorePath content) throws Unanswered {
    String method = derivation.outputs().get("out").hashAlgorithm().latin1();
    boolean recursive = method.startsWith("r:");
    String algorithm = method.substring(recursive ? 2 : 0);
    List<String> arguments = new ArrayList<>(List.of("--type", algorithm));
    if (!recursive) {
      arguments.add("--flat");
    }
    arguments.add(nix.real() + "/" + content.baseName());
    String hash = program("nix-hash").run(arguments).latin1().strip();
    return nix.directory().fixedOutput(method, hash, content.name());
  }

  private NixProgram program(String name) throws Unanswered {
    return NixProgram.find(caller, name, cancelled)
        .orElseThrow(() -> new Unanswered("there is no " + name + " on PATH"));
  }
}
