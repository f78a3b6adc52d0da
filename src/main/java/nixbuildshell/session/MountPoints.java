package nixbuildshell.session;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.files.Descriptor;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileType;
import nixbuildshell.files.Listing;
import nixbuildshell.files.Owner;

/**
 * Makes the mount points of a session that shows some store paths.
 *
 * @param store the host's, which has these paths
 */
public record MountPoints(Session session, Directory store) {
  /**
   * Gives a new session its mount points and the file that names them: those of an earlier session,
   * if there are such, else new ones.
   *
   * @param owner the build user, when root runs the tool
   * @throws Failure when they cannot be written, or the store cannot be read
   */
  public void prepare(List<Listing.Entry> entries, Optional<Owner> owner, SpareStores spares) {
    byte[] paths = ShownStore.paths(entries);
    if (spares.take(session, paths)) {
      return;
    }
    session.makeView(owner);
    try (Directory view = session.open(Session.VIEW)) {
      place(entries, view);
      try (Descriptor file = session.directory().createFile(ShownStore.PATHS, 0600)) {
        file.write(paths);
        file.closeWritten();
      }
      ShownStore.markPristine(session.directory());
    } catch (ErrnoException e) {
      throw failure(e);
    }
  }

  /**
   * Makes the mount points that a session lacks, and names them in its file.
   *
   * @param entries all that the session is to show
   * @throws Failure also when the session has made such a file itself
   */
  public void add(List<Listing.Entry> entries) {
    Set<ByteString> names = Set.copyOf(session.shownStore().orElseThrow().names());
    List<Listing.Entry> more =
        entries.stream().filter(entry -> !names.contains(entry.name())).toList();
    try (Directory view = session.open(Session.VIEW);
        Descriptor paths = session.directory().openFileToAppend(ShownStore.PATHS)) {
      place(more, view);
      paths.write(ShownStore.more(more));
      paths.closeWritten();
    } catch (ErrnoException e) {
      throw failure(e);
    }
  }

  private void place(List<Listing.Entry> entries, Directory view) throws ErrnoException {
    for (Listing.Entry entry : entries) {
      if (entry.type() == FileType.LINK) {
        view.makeLink(entry.name(), store.readLink(entry.name()));
      } else if (entry.type() == FileType.DIRECTORY) {
        view.makeDirectory(entry.name(), 0755);
      } else {
        view.createFile(entry.name(), 0444).closeWritten();
      }
    }
  }

  private Failure failure(ErrnoException e) {
    return e.failure("cannot make mount points in " + session.view(), Session.REMEDY);
  }
}
