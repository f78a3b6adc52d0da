package nixbuildshell.listing;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.capture.KeptDirectories;
import nixbuildshell.capture.TmpfilesRules;
import nixbuildshell.files.Answers;
import nixbuildshell.files.Directory;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.TreeSize;
import nixbuildshell.files.UserPath;
import nixbuildshell.nix.Background;
import nixbuildshell.nix.Caller;
import nixbuildshell.session.Sessions;
import nixbuildshell.store.DerivationFinder;
import nixbuildshell.store.KeptTimes;
import nixbuildshell.store.LogText;
import nixbuildshell.store.NixStore;
import nixbuildshell.store.StorePath;

/**
 * Collects the kept directories of this host and the caller's sessions.
 *
 * @param finder tells the derivations; its logs are read for the newest directories alone
 * @param sessions empty where the caller has none
 * @param sized whether to measure each tree
 */
public record Survey(
    Caller caller,
    FileSystem files,
    DerivationFinder finder,
    Optional<Sessions> sessions,
    boolean sized) {
  /** The number of build logs that are read: nix-store needs some 25 ms for each. */
  private static final int MOST_READ = 10;

  /** Holds the rows, the newest first. */
  public record Result(List<KeptRow> kept, List<SessionRow> sessions) {}

  /**
   * Returns a survey of a store's kept directories.
   *
   * @param sessions as for {@link Survey}
   * @param sized whether to measure each tree
   */
  public static Survey of(
      Caller caller, FileSystem files, NixStore store, Optional<Sessions> sessions, boolean sized) {
    DerivationFinder finder =
        KeptDirectories.finder(caller, files, store, Answers.NONE, () -> false, any -> {});
    return new Survey(caller, files, finder, sessions, sized);
  }

  /** Collects all. */
  public Result all() {
    return new Result(
        rows(new KeptDirectories(caller, files, finder.store()).all()), sessionRows());
  }

  /** Describes kept directories, with one pairing of all. */
  List<KeptRow> rows(List<KeptDirectories.Listed> all) {
    Map<KeptTimes, DerivationFinder.OfLog> logs =
        finder.byLogs(all.stream().map(KeptDirectories.Listed::times).toList());
    Map<StorePath, Optional<String>> phases = phases(all, logs);
    TmpfilesRules rules = TmpfilesRules.of(caller);
    Map<Long, String> owners = new HashMap<>();
    List<KeptRow> rows = new ArrayList<>();
    for (KeptDirectories.Listed each : all) {
      Optional<DerivationFinder.OfLog> log = Optional.ofNullable(logs.get(each.times()));
      rows.add(
          new KeptRow(
              each,
              log,
              log.filter(known -> known.end().isPresent())
                  .flatMap(known -> phases.getOrDefault(known.derivation(), Optional.empty())),
              owners.computeIfAbsent(each.owner(), caller.accounts()::nameOf),
              rules.removal(each.path()),
              size(each.path())));
    }
    return rows;
  }

  /** Reads the logs of the newest directories that no manifest describes, beside each other. */
  private Map<StorePath, Optional<String>> phases(
      List<KeptDirectories.Listed> all, Map<KeptTimes, DerivationFinder.OfLog> logs) {
    List<StorePath> derivations =
        all.stream()
            .filter(each -> each.manifest().flatMap(known -> known.end().phase()).isEmpty())
            .flatMap(each -> Optional.ofNullable(logs.get(each.times())).stream())
            .filter(log -> log.end().isPresent())
            .map(DerivationFinder.OfLog::derivation)
            .distinct()
            .limit(MOST_READ)
            .toList();
    Map<StorePath, Background<LogText>> reading = new HashMap<>();
    for (StorePath each : derivations) {
      reading.put(each, new Background<>("build log", () -> finder.texts().apply(each)));
    }
    Map<StorePath, Optional<String>> phases = new HashMap<>();
    reading.forEach((derivation, text) -> phases.put(derivation, text.await().phase()));
    return phases;
  }

  /** Describes the caller's sessions. */
  List<SessionRow> sessionRows() {
    return sessions.map(Sessions::all).orElse(List.of()).stream()
        .map(each -> new SessionRow(each, size(each.path())))
        .toList();
  }

  private Optional<TreeSize> size(ByteString path) {
    if (!sized) {
      return Optional.empty();
    }
    try (Directory directory = UserPath.openDirectory(files, path)) {
      return Optional.of(TreeSize.of(directory));
    } catch (Failure e) {
      return Optional.of(new TreeSize(0, false));
    }
  }
}
