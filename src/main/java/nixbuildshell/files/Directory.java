package nixbuildshell.files;

import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Syscall;

/**
 * Holds an open directory, and works with the names in it. No link is followed: at a link a call
 * fails (ELOOP or ENOTDIR) or acts on the link itself. A name has no slash, unless the directories
 * on the way are trusted.
 */
public final class Directory implements AutoCloseable {
  private static final ByteString PARENT = ByteString.of("..");

  private final FileCalls files;
  private final Descriptor self;
  private final Place place;

  /** Whether the kernel has refused {@link FileCalls#O_NOATIME} here: it would for each file. */
  private boolean ofOthers;

  Directory(FileCalls files, Descriptor self, Place place) {
    this(files, self, place, false);
  }

  private Directory(FileCalls files, Descriptor self, Place place, boolean ofOthers) {
    this.files = files;
    this.self = self;
    this.place = place;
    this.ofOthers = ofOthers;
  }

  /** Returns the directory's descriptor. */
  public Descriptor self() {
    return self;
  }

  /** Returns its place when it was opened, for messages. */
  public Place place() {
    return place;
  }

  FileCalls files() {
    return files;
  }

  /** Opens this directory once more, for a reading position of its own. */
  public Directory reopen() throws ErrnoException {
    Descriptor opened = open(ByteString.of("."), files.abi().directory(), 0);
    return new Directory(files, opened, place, ofOthers);
  }

  /**
   * Returns this directory with another place, for messages about what it stands for. It is closed
   * with either.
   */
  public Directory as(ByteString path) {
    return new Directory(files, self, Place.root(path));
  }

  /** Opens a directory in this one. */
  public Directory openDirectory(ByteString name) throws ErrnoException {
    Descriptor opened = openUnseen(name, files.abi().directory());
    return new Directory(files, opened, place.child(name), ofOthers);
  }

  /** Opens a directory in this one, and makes it for the caller alone if need be. */
  public Directory openOrMakeDirectory(ByteString name) throws ErrnoException {
    if (find(name).isEmpty()) {
      makeDirectory(name, 0700);
    }
    return openDirectory(name);
  }

  /**
   * Opens the parent directory. An attacker may have moved this directory anywhere, so check the
   * status first.
   */
  public Directory openParent() throws ErrnoException {
    Descriptor opened = openUnseen(PARENT, files.abi().directory());
    return new Directory(files, opened, place.parent(), ofOthers);
  }

  /**
   * Opens a file to read it, without waiting. It may be a FIFO or a device, so check the status
   * first.
   */
  Descriptor openFile(ByteString name) throws ErrnoException {
    return openUnseen(name, 0);
  }

  /** Makes a new file, open for writing. */
  public Descriptor createFile(ByteString name, int mode) throws ErrnoException {
    return open(name, FileCalls.O_WRONLY | FileCalls.O_CREAT | FileCalls.O_EXCL, mode);
  }

  /** Opens a file to read and write, and makes it if need be, for its lock. */
  public Descriptor openOrCreateFile(ByteString name, int mode) throws ErrnoException {
    return open(name, FileCalls.O_RDWR | FileCalls.O_CREAT, mode);
  }

  /** Opens an existing file to read and write. */
  public Descriptor openFileToWrite(ByteString name) throws ErrnoException {
    return open(name, FileCalls.O_RDWR, 0);
  }

  /** Opens without changing the time of access, which only the owner and root may do. */
  private Descriptor openUnseen(ByteString name, int flags) throws ErrnoException {
    if (ofOthers) {
      return open(name, flags, 0);
    }
    try {
      return open(name, flags | FileCalls.O_NOATIME, 0);
    } catch (ErrnoException e) {
      if (!e.denied()) {
        throw e;
      }
      Descriptor opened = open(name, flags, 0);
      ofOthers = true;
      return opened;
    }
  }

  private Descriptor open(ByteString name, int flags, int mode) throws ErrnoException {
    long always =
        files.abi().noFollow() | FileCalls.O_CLOEXEC | FileCalls.O_NONBLOCK | FileCalls.O_NOCTTY;
    return new Descriptor(files, (int) call(Syscall.OPENAT, name, flags | always, mode));
  }

  /** Makes a call that takes this directory, a name in it, and two numbers. */
  private long call(Syscall syscall, ByteString name, long third, long fourth)
      throws ErrnoException {
    return files.call(syscall, self.number(), files.memory().name(name), third, fourth);
  }

  public Status status(ByteString name) throws ErrnoException {
    return files.status(self.number(), name, FileCalls.AT_SYMLINK_NOFOLLOW);
  }

  /** Returns what a name stands for; empty when it is missing. */
  public Optional<Status> find(ByteString name) throws ErrnoException {
    try {
      return Optional.of(status(name));
    } catch (ErrnoException e) {
      if (e.missing()) {
        return Optional.empty();
      }
      throw e;
    }
  }

  public ByteString readLink(ByteString name) throws ErrnoException {
    return files.readLink(self.number(), name);
  }

  public void makeDirectory(ByteString name, int mode) throws ErrnoException {
    call(Syscall.MKDIRAT, name, mode, 0);
  }

  void makeFifo(ByteString name, int mode) throws ErrnoException {
    call(Syscall.MKNODAT, name, 0010000 | mode, 0);
  }

  public void makeLink(ByteString name, ByteString target) throws ErrnoException {
    Memory memory = files.memory();
    files.call(Syscall.SYMLINKAT, memory.name(target), self.number(), memory.secondName(name));
  }

  /** Makes a hard link here to a file of another directory. */
  void makeHardLink(ByteString name, Directory other, ByteString existing) throws ErrnoException {
    Memory memory = files.memory();
    files.call(
        Syscall.LINKAT,
        other.self.number(),
        memory.name(existing),
        self.number(),
        memory.secondName(name),
        0);
  }

  /** Renames an entry within this directory, and replaces what has the new name. */
  public void rename(ByteString from, ByteString to) throws ErrnoException {
    move(from, this, to);
  }

  /** Moves an entry to another directory of the file system, where it keeps its name. */
  public void move(ByteString name, Directory to) throws ErrnoException {
    move(name, to, name);
  }

  /**
   * Moves an entry so. A directory that its owner may not change is made writable meanwhile, since
   * its entry ".." changes.
   */
  public void moveShut(ByteString name, Directory to) throws ErrnoException {
    Status status = status(name);
    boolean shut = status.type() == FileType.DIRECTORY && (status.mode() & 0200) == 0;
    if (shut) {
      setMode(name, 0700);
    }
    move(name, to);
    if (shut) {
      to.setMode(name, status.mode());
    }
  }

  /** Moves an entry so, under another name. */
  public void move(ByteString from, Directory directory, ByteString to) throws ErrnoException {
    Memory memory = files.memory();
    files.call(
        Syscall.RENAMEAT2,
        self.number(),
        memory.name(from),
        directory.self.number(),
        memory.secondName(to),
        0);
  }

  /** Removes anything but a directory. */
  void removeFile(ByteString name) throws ErrnoException {
    call(Syscall.UNLINKAT, name, 0, 0);
  }

  /** Removes an empty directory. */
  public void removeDirectory(ByteString name) throws ErrnoException {
    call(Syscall.UNLINKAT, name, FileCalls.AT_REMOVEDIR, 0);
  }

  /**
   * Sets the permissions of what cannot be opened, such as a directory of mode 000, or must not be,
   * such as a FIFO. {@code fchmodat(2)} follows links, and {@code fchmodat2} came with Linux 6.6.
   * So this goes by an O_PATH handle's link in procfs, which an attacker cannot swap.
   */
  public void setMode(ByteString name, int mode) throws ErrnoException {
    try (Descriptor handle = open(name, FileCalls.O_PATH, 0)) {
      long path = files.memory().name(handle.link());
      files.call(Syscall.FCHMODAT, FileCalls.AT_FDCWD, path, mode);
    }
  }

  public void setOwner(ByteString name, long uid, long gid) throws ErrnoException {
    long address = files.memory().name(name);
    files.call(Syscall.FCHOWNAT, self.number(), address, uid, gid, FileCalls.AT_SYMLINK_NOFOLLOW);
  }

  /** Sets the times of access and modification, also a link's, to those of another file. */
  void setTimes(ByteString name, Status like) throws ErrnoException {
    long times = files.memory().struct(like.times());
    call(Syscall.UTIMENSAT, name, times, FileCalls.AT_SYMLINK_NOFOLLOW);
  }

  @Override
  public void close() {
    self.close();
  }
}
