package nixbuildshell.enter;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileType;
import nixbuildshell.files.TreeChanges;
import nixbuildshell.files.TreeChanges.Change;
import nixbuildshell.session.PhaseTimes;
import nixbuildshell.session.SessionFiles;

/**
 * Holds what the caller changed in a session, by what becomes of it in a patch. All paths are
 * relative to the source tree, but those outside of it.
 *
 * @param wanted the files for the patch; whether their content differs is not known yet
 * @param added new files that the caller did not ask for
 * @param machineMade files that a phase was the last to change, and that the caller did not name
 * @param outside files elsewhere in the build directory, relative to that
 */
record Edits(
    List<Change> wanted, List<Change> added, List<Change> machineMade, List<ByteString> outside) {

  /**
   * Says what the caller wants in the patch.
   *
   * @param all whether new files are wanted
   * @param named files and directories of the source tree that are wanted in any case
   */
  record Wanted(boolean all, List<ByteString> named) {
    private boolean has(ByteString path) {
      return named.stream()
          .map(name -> name.latin1().replaceAll("/+$", ""))
          .anyMatch(name -> path.latin1().equals(name) || path.startsWith(name + "/"));
    }
  }

  Edits {
    wanted = List.copyOf(wanted);
    added = List.copyOf(added);
    machineMade = List.copyOf(machineMade);
    outside = List.copyOf(outside);
  }

  /**
   * Finds the changes.
   *
   * @param changes of the whole build directory
   * @param root the source tree, relative to the build directory; empty for the build directory
   */
  static Edits of(TreeChanges changes, SessionFiles session, ByteString root, Wanted wanted)
      throws ErrnoException {
    PhaseTimes phases = session.phases();
    List<Change> inPatch = new ArrayList<>();
    List<Change> added = new ArrayList<>();
    List<Change> machineMade = new ArrayList<>();
    List<ByteString> outside = new ArrayList<>();
    for (Change each : changes.list()) {
      boolean made =
          each.after()
              .filter(status -> status.changed().compareTo(session.staged()) >= 0)
              .map(status -> phases.made(status, session.staged()))
              .orElseGet(() -> phases.has(each.place()));
      Optional<Change> inside = below(root, each);
      if (inside.isEmpty()) {
        if (!made) {
          outside.add(each.path());
        }
      } else if (wanted.has(inside.get().path())) {
        inPatch.add(inside.get());
      } else if (made) {
        machineMade.add(inside.get());
      } else {
        (each.before().isEmpty() && !wanted.all() ? added : inPatch).add(inside.get());
      }
    }
    return new Edits(inPatch, added, machineMade, outside);
  }

  private static Optional<Change> below(ByteString root, Change change) {
    if (root.isEmpty()) {
      return Optional.of(change);
    }
    String start = root.latin1() + "/";
    String path = change.path().latin1();
    return path.startsWith(start)
        ? Optional.of(
            new Change(
                new ByteString(path.substring(start.length())),
                change.before(),
                change.after(),
                change.place()))
        : Optional.empty();
  }

  /** Decides whether a change is one of a regular file, on both sides where there are two. */
  static boolean isOfFiles(Change change) {
    return change.before().map(it -> it.type() == FileType.REGULAR).orElse(true)
        && change.after().map(it -> it.type() == FileType.REGULAR).orElse(true);
  }
}
