package nixbuildshell.files;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.abi.Errno;

/**
 * Copies trees of files from an untrusted directory.
 *
 * <p>The copy keeps links, which are never followed, hard links within the tree, modes without
 * set-id bits, times in nanoseconds, and holes. It makes FIFOs anew, and lists what it leaves out:
 * sockets, devices and what cannot be read. It does not write to the source, and does not change
 * times of access where that can be avoided.
 *
 * <p>With an owner, it copies only files that all users may read, or that one user could read: for
 * {@link #contents} the source directory's owner, for {@link #entry} the entry's, unless that is
 * root.
 *
 * @param owner the owner of the copies; empty for the caller
 * @param progress hears of every file, and of every 16 MiB
 * @param cancelled asked as often; when it says yes, the copy throws a {@link
 *     CancellationException}
 * @param remedy what to try when the target cannot be written; may be empty
 */
public record TreeCopy(
    Optional<Owner> owner, Progress progress, BooleanSupplier cancelled, String remedy) {

  /** Hears of the copy's progress. */
  public interface Progress {
    /** Tells the numbers of files and bytes, with those of holes, until now. */
    void copied(long files, long bytes);
  }

  /**
   * Names a file that was not copied, or not completely.
   *
   * @param path relative to the tree
   * @param why errno's name and meaning, or a phrase ("a socket")
   */
  public record Missed(ByteString path, String why) {}

  /**
   * Counts what was copied.
   *
   * @param missed the first thousand missed files
   * @param missedInAll the number of all missed files
   */
  public record Result(long files, long bytes, List<Missed> missed, long missedInAll) {}

  /** An attacker can make a million unreadable files. */
  private static final int LISTED = 1000;

  /** For so few files a second thread costs more than it saves. */
  private static final int FEW = 100;

  /** The most files that wait until one of two threads copies them. */
  private static final int FILES_WAITING = 512;

  /** The most directories, each open twice, that wait for their files. */
  private static final int DIRECTORIES_WAITING = 4;

  /** Set-id bits would make an attacker's file run as the caller. */
  private static final int KEPT_MODE = 01777;

  /** Returns a copy for the caller that tells nothing and cannot be cancelled. */
  public static TreeCopy plain() {
    return new TreeCopy(Optional.empty(), (files, bytes) -> {}, () -> false, "");
  }

  /**
   * Copies a directory's content and times into another directory, which keeps its mode and owner.
   *
   * @throws Failure when the target cannot be written; what was copied stays there
   */
  public Result contents(Directory source, Directory target) {
    try (Run run = new Run(readers(source.self().status()), source, target)) {
      return run.contents();
    } catch (ErrnoException e) {
      throw e.failure("cannot copy " + source.place(), "");
    }
  }

  /**
   * Copies one file, link or directory, which must not be in the target yet.
   *
   * @throws Failure as {@link #contents} does
   */
  public Result entry(Directory source, ByteString name, Directory target) {
    try (Run run = new Run(readers(source, name), source, target)) {
      return run.entry(name);
    } catch (ErrnoException e) {
      throw e.failure("cannot copy " + source.place().child(name), "");
    }
  }

  /** Returns the new owner for an entry of root's, which other users may not see. */
  private Optional<Owner> readers(Directory source, ByteString name) {
    try {
      Status status = source.status(name);
      return status.uid() == 0 ? owner : readers(status);
    } catch (ErrnoException e) {
      return owner;
    }
  }

  /**
   * Returns the users whose files are copied whatever their mode. Root can read every file, and the
   * sandbox shows the copy to the build user, who must not see more than before.
   *
   * @return empty when the kernel decides, because the caller copies for itself
   */
  private Optional<Owner> readers(Status like) {
    return owner.map(o -> o.has(like.uid()) ? o : new Owner(like.uid(), like.gid()));
  }

  /** Decides whether a file or directory may be copied; a directory must be searchable too. */
  static boolean mayRead(Optional<Owner> readers, Status status) {
    int needed = status.type() == FileType.DIRECTORY ? 05 : 04;
    return readers.isEmpty()
        || readers.get().has(status.uid())
        || (status.mode() & needed) == needed;
  }

  /** Names a regular file that waits until one of two threads copies it. */
  private record Waiting(Directory from, Directory to, Place place) {}

  /** Holds a directory that the walk has left, until its files are copied. */
  private record Left(Optional<Directory> from, Directory to, Place place, Status status) {
    void close() {
      from.ifPresent(Directory::close);
      to.close();
    }
  }

  private interface Writing {
    void run() throws ErrnoException;
  }

  /**
   * Runs one copy. It lists an error on the side that is read. An error on the side that is written
   * ends the copy, when other files would fail too.
   *
   * <p>One thread walks through the tree. Of a large tree it only lists the regular files, for a
   * second thread to copy, and helps with the newest when many wait. So the threads are seldom in
   * one directory, where the kernel makes one new file at a time. All else is the walk's alone: it
   * makes hard links, and sets a directory's attributes when its files are copied.
   */
  private final class Run implements AutoCloseable {
    private final Optional<Owner> readers;
    private final Directory source;
    private final Directory target;
    private final Status targetStatus;
    private final Descent from;
    private final Descent to;
    private final HardLinks links;
    private final FileCopy content;
    private final List<Missed> missed = new ArrayList<>();
    private final List<Left> left = new ArrayList<>();
    private Optional<TwoThreads<Waiting>> threads = Optional.empty();
    private long missedInAll;
    private long files;
    private long bytes;

    Run(Optional<Owner> readers, Directory source, Directory target) throws ErrnoException {
      this.readers = readers;
      this.source = source;
      this.target = target;
      targetStatus = target.self().status();
      from = new Descent(source);
      to = new Descent(target);
      links = new HardLinks(source.place(), from, to);
      content = new FileCopy(source.files(), this::bytes);
    }

    Result contents() {
      walk(0);
      return result();
    }

    Result entry(ByteString name) {
      copy(source, target, source.place().child(name), FileType.UNKNOWN);
      walk(1);
      return result();
    }

    /** Copies the directories from this depth on. */
    private void walk(int top) {
      while (from.depth() >= top) {
        stopIfCancelled();
        if (!copyNext()) {
          finish();
        }
      }
      copyWaiting();
    }

    /** Copies the current directory's next entry; false when there is none that can be read. */
    private boolean copyNext() {
      Place place = from.place();
      try {
        Optional<Directory> directory = from.current();
        if (directory.isEmpty()) {
          missed(place, "the directory was moved while it was copied");
          return false;
        }
        Optional<Listing.Entry> entry = shareFiles(directory.get(), place);
        entry.ifPresent(e -> copy(directory.get(), written(), place.child(e.name()), e.type()));
        return entry.isPresent();
      } catch (ErrnoException e) {
        unread(place, e);
        return false;
      }
    }

    /** Shares the next regular files, once there are many, and returns the entry after them. */
    private Optional<Listing.Entry> shareFiles(Directory directory, Place place)
        throws ErrnoException {
      Optional<Listing.Entry> entry = from.next(directory);
      while (entry.filter(e -> e.type() == FileType.REGULAR).isPresent() && manyFiles()) {
        TwoThreads<Waiting> shared = threads.orElseThrow();
        int waiting =
            shared.add(new Waiting(directory, written(), place.child(entry.get().name())));
        if (waiting > FILES_WAITING) {
          shared.workOnOne();
        }
        entry = from.next(directory);
      }
      return entry;
    }

    /** Decides whether two threads are worth it, and starts the second. */
    private boolean manyFiles() {
      if (threads.isEmpty() && files() > FEW && Runtime.getRuntime().availableProcessors() > 1) {
        threads = Optional.of(new TwoThreads<>(Waiting::to, this::copyInWalk, this::copyInSecond));
      }
      return threads.isPresent();
    }

    private void copyInWalk(Waiting file) {
      stopIfCancelled();
      copy(file.from(), file.to(), file.place(), FileType.REGULAR);
    }

    /** Copies a file in the second thread; false when it has several names. */
    private boolean copyInSecond(Waiting file) {
      stopIfCancelled();
      try {
        return copyFile(file.from(), file.to(), file.place(), false);
      } catch (ErrnoException e) {
        unread(file.place(), e);
        return true;
      }
    }

    /** Copies all files that wait. */
    private void copyWaiting() {
      threads.ifPresent(TwoThreads::finish);
      left.removeIf(this::complete);
    }

    /** Sets the attributes of a directory left, and closes it; false when files of it wait. */
    private boolean complete(Left made) {
      if (threads.filter(shared -> shared.holds(made.to())).isPresent()) {
        return false;
      }
      write(made.place(), () -> setAttributes(made.to().self(), made.status()));
      made.close();
      return true;
    }

    /** Returns the current directory of the copy. */
    private Directory written() {
      try {
        return to.current().orElseThrow(() -> disturbed("it was moved"));
      } catch (ErrnoException e) {
        throw disturbed(e.getMessage());
      }
    }

    private Failure disturbed(String why) {
      return new Failure("cannot go on with the copy in " + target.place(), why, "start again");
    }

    private void copy(Directory from, Directory to, Place place, FileType listed) {
      try {
        FileType type = listed == FileType.UNKNOWN ? from.status(place.name()).type() : listed;
        switch (type) {
          case DIRECTORY -> enter(from, to, place);
          case REGULAR -> copyFile(from, to, place, true);
          case LINK, FIFO -> copySpecial(from, to, place);
          default -> missed(place, type.toString());
        }
      } catch (ErrnoException e) {
        unread(place, e);
      }
    }

    private void enter(Directory from, Directory to, Place place) throws ErrnoException {
      if (this.from.depth() >= Descent.OPEN_AT_MOST) {
        // A deeper walk closes a directory above, in which files may wait.
        copyWaiting();
      }
      ByteString name = place.name();
      Directory opened;
      try {
        opened = from.openDirectory(name);
      } catch (ErrnoException e) {
        if (e.denied()) {
          keepEmpty(from.status(name), to, place);
        }
        unread(place, e);
        return;
      }
      boolean entered = false;
      try {
        Status status = opened.self().status();
        if (status.same(targetStatus)) {
          missed(place, "the directory of the copy itself");
          return;
        }
        if (status.mountPoint() || !mayRead(readers, status)) {
          keepEmpty(status, to, place);
          missed(
              place,
              status.mountPoint() ? "another file system is mounted there" : unreadable(status));
          return;
        }
        entered = write(place, () -> enterMade(name, to));
        if (entered) {
          this.from.enter(place, opened, status);
        }
      } finally {
        if (!entered) {
          opened.close();
        }
      }
    }

    /** Makes a directory and enters it. It stays writable until {@link #finish} sets its mode. */
    private void enterMade(ByteString name, Directory in) throws ErrnoException {
      in.makeDirectory(name, 0700);
      Directory made = in.openDirectory(name);
      to.enter(made.place(), made, made.self().status());
    }

    /** Makes an empty directory in place of an unreadable one. */
    private void keepEmpty(Status status, Directory in, Place place) {
      if (status.type() == FileType.DIRECTORY) {
        write(
            place,
            () -> {
              in.makeDirectory(place.name(), 0700);
              try (Directory made = in.openDirectory(place.name())) {
                setAttributes(made.self(), status);
              }
            });
      }
    }

    /** Leaves the current directory, and sets its attributes when its files are copied. */
    private void finish() {
      Directory made = written();
      Place place = from.place();
      Status status = from.status();
      if (from.depth() == 0) {
        copyWaiting();
        write(place, () -> made.self().setTimes(status));
        from.leave();
        to.leave();
        return;
      }
      left.add(new Left(from.leaveOpen(), to.leaveOpen().orElseThrow(), place, status));
      left.removeIf(this::complete);
      while (left.size() > DIRECTORIES_WAITING) {
        threads.orElseThrow().workOnOne();
        left.removeIf(this::complete);
      }
    }

    /** Copies a regular file; false when it has several names, and these are not wanted. */
    private boolean copyFile(Directory from, Directory to, Place place, boolean several)
        throws ErrnoException {
      try (Descriptor in = from.openFile(place.name())) {
        Status status = in.status();
        if (status.type() != FileType.REGULAR) {
          missed(place, "replaced while it was copied by " + status.type());
        } else if (!mayRead(readers, status)) {
          missed(place, unreadable(status));
        } else if (status.links() > 1 && !several) {
          return false;
        } else if (!linked(status, to, place)) {
          copyContent(in, status, to, place);
        }
        return true;
      }
    }

    /** Copies without lambdas of its own, which take long to make before the JVM optimises. */
    private void copyContent(Descriptor in, Status status, Directory to, Place place) {
      try (Descriptor out = to.createFile(place.name(), 0600)) {
        Optional<ErrnoException> stopped = content.copy(in, status, out);
        if (stopped.isPresent()) {
          unread(place, stopped.get());
        }
        setAttributes(out, status);
        out.closeWritten();
        copied(status, place);
      } catch (ErrnoException e) {
        unwritten(place, e);
      }
    }

    private void copySpecial(Directory from, Directory to, Place place) throws ErrnoException {
      ByteString name = place.name();
      Status status = from.status(name);
      if (linked(status, to, place)) {
        return;
      }
      if (status.type() == FileType.LINK) {
        ByteString destination = from.readLink(name);
        write(place, () -> to.makeLink(name, destination));
      } else if (status.type() == FileType.FIFO) {
        write(place, () -> to.makeFifo(name, 0600));
      } else {
        missed(place, "replaced while it was copied by " + status.type());
        return;
      }
      write(place, () -> setAttributes(to, name, status));
      copied(status, place);
    }

    private boolean linked(Status status, Directory to, Place place) {
      if (!links.has(status)) {
        return false;
      }
      try {
        links.link(status, to, place);
        file();
        return true;
      } catch (ErrnoException e) {
        if (e.cannotWriteOn()) {
          throw full(place, e);
        }
        // This file system allows no more links, or the first copy is in a shut directory.
        missed(place, "copied as a file of its own, not as a hard link: " + e.why());
        return false;
      }
    }

    private void copied(Status status, Place place) {
      links.remember(status, place);
      file();
    }

    @Override
    public void close() {
      threads.ifPresent(TwoThreads::close);
      left.forEach(Left::close);
      from.close();
      to.close();
    }

    private String unreadable(Status status) {
      return "it belongs to user " + status.uid() + ", and not all users may read it";
    }

    /** Sets owner, mode and times, in this order: each may change the next. */
    private void setAttributes(Descriptor made, Status like) throws ErrnoException {
      if (owner.isPresent()) {
        made.setOwner(owner.get().userOf(like), owner.get().groupOf(like));
      }
      made.setMode(like.mode() & KEPT_MODE);
      made.setTimes(like);
    }

    /** Sets the attributes of a link or a FIFO, which must not be opened. */
    private void setAttributes(Directory in, ByteString name, Status like) throws ErrnoException {
      if (owner.isPresent()) {
        in.setOwner(name, owner.get().userOf(like), owner.get().groupOf(like));
      }
      if (like.type() != FileType.LINK) {
        in.setMode(name, like.mode() & KEPT_MODE);
      }
      in.setTimes(name, like);
    }

    private synchronized void file() {
      files++;
      progress.copied(files, bytes);
    }

    private synchronized long files() {
      return files;
    }

    private synchronized void bytes(long more) {
      bytes += more;
      progress.copied(files, bytes);
      stopIfCancelled();
    }

    private void stopIfCancelled() {
      if (cancelled.getAsBoolean()) {
        throw new CancellationException("copying was cancelled");
      }
      threads.ifPresent(TwoThreads::stopIfOtherFailed);
    }

    private synchronized void missed(Place place, String why) {
      missedInAll++;
      if (missed.size() < LISTED) {
        missed.add(new Missed(place.pathBelow(source.place()), why));
      }
    }

    private void unread(Place place, ErrnoException e) {
      // The host or the process ran out of something, which is not the file's fault.
      if (e.is(Errno.EMFILE, Errno.ENFILE, Errno.ENOMEM)) {
        throw e.failure("cannot copy " + place, "");
      }
      missed(place, e.why());
    }

    /** Writes; false when that failed for this file alone. */
    private boolean write(Place place, Writing writing) {
      try {
        writing.run();
        return true;
      } catch (ErrnoException e) {
        unwritten(place, e);
        return false;
      }
    }

    private void unwritten(Place place, ErrnoException e) {
      if (e.cannotWriteOn()) {
        throw full(place, e);
      }
      unread(place, e);
    }

    private Failure full(Place place, ErrnoException e) {
      return e.failure("cannot copy " + place + " to " + target.place(), remedy);
    }

    private Result result() {
      return new Result(files, bytes, List.copyOf(missed), missedInAll);
    }
  }
}
