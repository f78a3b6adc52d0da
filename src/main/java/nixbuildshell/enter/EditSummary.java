package nixbuildshell.enter;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.capture.KeptDirectory;
import nixbuildshell.console.ShellWord;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.TreeChanges;
import nixbuildshell.files.TreeChanges.Change;
import nixbuildshell.session.SessionFiles;

/** Says in a line what the caller changed in a session's build directory. */
final class EditSummary {
  private static final int MOST_NAMED = 3;

  private EditSummary() {}

  /**
   * Returns the line; empty when nothing is known, or nothing was changed there.
   *
   * @param stop asked at every file; when it says yes, nothing is known
   */
  static String of(FileSystem files, ByteString session, BooleanSupplier stop) {
    try (SessionFiles after = SessionFiles.open(files, session);
        Origin origin = Origin.of(files, after)) {
      // Compared with itself, what is new and what is changed are one.
      Directory before = origin.kept().map(KeptDirectory::build).orElse(after.build());
      Edits edits =
          Edits.of(
              new TreeChanges(before, after.build(), after.changes(stop), SessionFiles.NO_SOURCES),
              after,
              ByteString.EMPTY,
              new Edits.Wanted(true, List.of()));
      String changed = origin.kept().isPresent() ? "changed" : "changed or new";
      List<String> parts = new ArrayList<>();
      add(changed, edits.wanted().stream().filter(it -> isChanged(it)).toList(), parts);
      add("new", edits.wanted().stream().filter(it -> it.before().isEmpty()).toList(), parts);
      add("gone", edits.wanted().stream().filter(it -> it.after().isEmpty()).toList(), parts);
      if (!edits.machineMade().isEmpty()) {
        parts.add("by phases: " + edits.machineMade().size() + " files");
      }
      return String.join("; ", parts);
    } catch (ErrnoException | Failure e) {
      return ""; // It is a courtesy.
    }
  }

  private static boolean isChanged(Change change) {
    return change.before().isPresent() && change.after().isPresent();
  }

  private static void add(String what, List<Change> changes, List<String> parts) {
    if (!changes.isEmpty()) {
      int more = changes.size() - MOST_NAMED;
      List<ByteString> named = changes.stream().limit(MOST_NAMED).map(Change::path).toList();
      parts.add(what + ": " + ShellWord.quote(named) + (more > 0 ? " and " + more + " more" : ""));
    }
  }
}
