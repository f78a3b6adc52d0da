package nixbuildshell.files;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;

/** One copy under way. */
final class CopyRun implements AutoCloseable {
  /** Below so many levels the listings, one of each level in memory, come in small pieces. */
  private static final int DEEP = 64;

  private record Level(Place place, Status status, Listing listing) {}

  private final Attributes attributes;
  private final Readers readers;
  private final Directory source;
  private final Directory target;
  private final Status targetStatus;
  private final Descent from;
  private final Descent to;
  private final Deque<Level> levels = new ArrayDeque<>();
  private final CopyReport report;
  private final HardLinks links;
  private final FileCopy content;

  CopyRun(TreeCopy how, Readers readers, Directory source, Directory target) throws ErrnoException {
    this.readers = readers;
    attributes = new Attributes(how.owner());
    this.source = source;
    this.target = target;
    targetStatus = target.self().status();
    from = new Descent(source);
    to = new Descent(target);
    report = new CopyReport(how, source.place(), target.place());
    links = new HardLinks(source.place(), to);
    content = new FileCopy(source.files(), report::bytes);
  }

  TreeCopy.Result contents() throws ErrnoException {
    levels.push(new Level(source.place(), source.self().status(), new Listing()));
    walk();
    return report.result();
  }

  TreeCopy.Result entry(ByteString name) {
    copy(source, target, source.place().child(name), FileType.UNKNOWN);
    walk();
    return report.result();
  }

  private void walk() {
    while (!levels.isEmpty()) {
      report.stopIfCancelled();
      Level level = levels.element();
      if (!copyNext(level)) {
        finish(level);
      }
    }
  }

  /** Copies the next entry of the directory; false when there is none left, or none to be read. */
  private boolean copyNext(Level level) {
    try {
      Optional<Directory> directory = from.current();
      if (directory.isEmpty()) {
        report.missed(level.place, "the directory was moved while it was copied");
        return false;
      }
      Optional<Listing.Entry> entry = level.listing.next(directory.get());
      entry.ifPresent(e -> copy(directory.get(), written(), level.place.child(e.name()), e.type()));
      return entry.isPresent();
    } catch (ErrnoException e) {
      report.unread(level.place, e);
      return false;
    }
  }

  /** The directory of the copy that stands for the current one. */
  private Directory written() {
    try {
      return to.current().orElseThrow(() -> disturbed("it was moved"));
    } catch (ErrnoException e) {
      throw disturbed(e.getMessage());
    }
  }

  private Failure disturbed(String why) {
    return new Failure("cannot go on with the copy in " + target.place(), why, "try again");
  }

  private void copy(Directory from, Directory to, Place place, FileType listed) {
    try {
      FileType type = listed == FileType.UNKNOWN ? from.status(place.name()).type() : listed;
      switch (type) {
        case DIRECTORY -> enter(from, to, place);
        case REGULAR -> copyFile(from, to, place);
        case LINK, FIFO -> copySpecial(from, to, place);
        default -> report.missed(place, type.toString());
      }
    } catch (ErrnoException e) {
      report.unread(place, e);
    }
  }

  private void enter(Directory from, Directory to, Place place) throws ErrnoException {
    ByteString name = place.name();
    Directory opened;
    try {
      opened = from.openDirectory(name);
    } catch (ErrnoException e) {
      if (e.denied()) {
        keepEmpty(from.status(name), to, place);
      }
      report.unread(place, e);
      return;
    }
    boolean entered = false;
    try {
      Status status = opened.self().status();
      if (status.same(targetStatus)) {
        report.missed(place, "the directory of the copy itself");
        return;
      }
      if (status.mountPoint() || !readers.mayRead(status)) {
        keepEmpty(status, to, place);
        report.missed(
            place,
            status.mountPoint() ? "another file system is mounted there" : readers.why(status));
        return;
      }
      entered = report.write(place, () -> enterMade(name, to));
      if (entered) {
        this.from.enter(name, opened, status);
        boolean deep = this.from.depth() > DEEP;
        levels.push(new Level(place, status, deep ? new Listing(4096) : new Listing()));
      }
    } finally {
      if (!entered) {
        opened.close();
      }
    }
  }

  /** Writable until its content is there; {@link #finish} gives it the mode that it shall have. */
  private void enterMade(ByteString name, Directory in) throws ErrnoException {
    in.makeDirectory(name, 0700);
    Directory made = in.openDirectory(name);
    to.enter(name, made, made.self().status());
  }

  /** A directory that cannot be read is at least there. */
  private void keepEmpty(Status status, Directory in, Place place) {
    if (status.type() == FileType.DIRECTORY) {
      report.write(place, () -> attributes.makeDirectory(in, place.name(), status));
    }
  }

  private void finish(Level level) {
    levels.pop();
    Directory made = written();
    if (from.depth() == 0) {
      report.write(level.place, () -> made.self().setTimes(level.status));
    } else {
      report.write(level.place, () -> attributes.set(made.self(), level.status));
      from.leave();
      to.leave();
    }
  }

  private void copyFile(Directory from, Directory to, Place place) throws ErrnoException {
    try (Descriptor in = from.openFile(place.name())) {
      Status status = in.status();
      if (status.type() != FileType.REGULAR) {
        report.missed(place, "replaced while it was copied by " + status.type());
      } else if (!readers.mayRead(status)) {
        report.missed(place, readers.why(status));
      } else if (!linked(status, to, place)) {
        report.write(place, () -> copyContent(in, status, to, place));
      }
    }
  }

  private void copyContent(Descriptor in, Status status, Directory to, Place place)
      throws ErrnoException {
    try (Descriptor out = to.createFile(place.name(), 0600)) {
      content.copy(in, status, out).ifPresent(e -> report.unread(place, e));
      attributes.set(out, status);
      out.closeWritten();
    }
    copied(status, place);
  }

  private void copySpecial(Directory from, Directory to, Place place) throws ErrnoException {
    ByteString name = place.name();
    Status status = from.status(name);
    if (linked(status, to, place)) {
      return;
    }
    if (status.type() == FileType.LINK) {
      ByteString destination = from.readLink(name);
      report.write(place, () -> to.makeLink(name, destination));
    } else if (status.type() == FileType.FIFO) {
      report.write(place, () -> to.makeFifo(name, 0600));
    } else {
      report.missed(place, "replaced while it was copied by " + status.type());
      return;
    }
    report.write(place, () -> attributes.set(to, name, status));
    copied(status, place);
  }

  private boolean linked(Status status, Directory to, Place place) {
    if (!links.has(status)) {
      return false;
    }
    try {
      links.link(status, to, place);
      report.file();
      return true;
    } catch (ErrnoException e) {
      if (e.cannotWriteOn()) {
        throw report.full(place, e);
      }
      // Too many links for this file system, or the first copy is in a directory that is shut.
      report.missed(place, "copied as a file of its own, not as a hard link: " + e.why());
      return false;
    }
  }

  private void copied(Status status, Place place) {
    links.remember(status, place);
    report.file();
  }

  @Override
  public void close() {
    from.close();
    to.close();
  }
}
