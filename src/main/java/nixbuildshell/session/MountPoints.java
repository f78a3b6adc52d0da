package nixbuildshell.session;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import nixbuildshell.Failure;
import nixbuildshell.files.Descriptor;
import nixbuildshell.files.Directory;
import nixbuildshell.files.EntryList;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileType;
import nixbuildshell.files.Listing;
import nixbuildshell.files.Owner;
import nixbuildshell.files.WholeFile;

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
  public void prepare(EntryList entries, Optional<Owner> owner, SpareStores spares) {
    if (spares.take(session, entries.text())) {
      return;
    }
    session.makeView(owner);
    try (Directory view = session.open(Session.VIEW)) {
      place(entries.entries(), view);
      try (Descriptor file = session.directory().createFile(ShownStore.PATHS, 0600)) {
        file.write(entries.text());
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
  public void add(EntryList entries) {
    EntryList before = session.shownStore().orElseThrow().entries();
    if (before.equals(entries)) {
      return;
    }
    List<Listing.Entry> more = entries.without(Set.copyOf(before.names())).entries();
    try (Directory view = session.open(Session.VIEW)) {
      place(more, view);
      WholeFile.replace(session.directory(), ShownStore.PATHS, entries.text());
      // Commands of earlier runs may have changed what is there, so it must not count as pristine.
      view.self().changeLater(session.directory().status(ShownStore.PATHS).changed());
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
