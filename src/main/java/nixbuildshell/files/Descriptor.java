package nixbuildshell.files;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;

/**
 * Holds an open file. Two threads may use a directory's at once to reach the names in it, but must
 * not read, write or close one at once.
 */
public final class Descriptor implements AutoCloseable {
  private static final int SEEK_SET = 0;
  private static final int LOCK_SHARED = 1;
  private static final int LOCK_EXCLUSIVE = 2;
  private static final int LOCK_NONBLOCKING = 4;
  private static final int STATFS_BYTES = 120;
  private static final int STATFS_FLAGS = 80;
  private static final long ST_NOEXEC = 8;

  private final FileCalls files;
  private int number;

  Descriptor(FileCalls files, int number) {
    this.files = files;
    this.number = number;
  }

  /** Returns the number for a system call; -1 once closed. */
  public int number() {
    return number;
  }

  /** Returns the link in procfs that leads to the open file, whatever its names are now. */
  ByteString link() {
    return ByteString.of("/proc/self/fd/" + number);
  }

  public Status status() throws ErrnoException {
    return files.status(number, ByteString.EMPTY, FileCalls.AT_EMPTY_PATH);
  }

  /** Sets exactly these permissions; {@code chmod(1)} would keep a set-group-ID bit. */
  public void setMode(int mode) throws ErrnoException {
    files.call(Syscall.FCHMOD, number, mode);
  }

  /**
   * Gives the file a ctime that is later than another one. The clock of ctime ticks in
   * milliseconds; from Linux 6.13 on, a change after a look gets a finer time at once.
   */
  public void changeLater(Status.Time last) throws ErrnoException {
    int mode = status().mode() & 07777;
    setMode(mode);
    while (status().changed().compareTo(last) <= 0) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
      setMode(mode);
    }
  }

  public void setOwner(long uid, long gid) throws ErrnoException {
    files.call(Syscall.FCHOWN, number, uid, gid);
  }

  /** Sets the times of access and modification to those of another file. */
  void setTimes(Status like) throws ErrnoException {
    files.call(Syscall.UTIMENSAT, number, 0, files.memory().struct(like.times()), 0);
  }

  /** Sets an extended attribute ("user.overlay.opaque"). */
  public void setAttribute(String name, byte[] value) throws ErrnoException {
    Memory memory = files.memory();
    files.call(
        Syscall.FSETXATTR,
        number,
        memory.name(ByteString.of(name)),
        memory.struct(value),
        value.length,
        0);
  }

  /** Decides whether it has extended attributes, those of access control lists among them. */
  public boolean hasAttributes() throws ErrnoException {
    return files.call(Syscall.FLISTXATTR, number, 0, 0) > 0;
  }

  /** Waits for the lock of {@code flock(2)}; closing the file releases it. */
  public void lock() throws ErrnoException {
    files.call(Syscall.FLOCK, number, LOCK_EXCLUSIVE);
  }

  /** Takes the lock if it is free. */
  public boolean tryLock() throws ErrnoException {
    return tryLock(LOCK_EXCLUSIVE);
  }

  /** Takes a shared lock, unless another descriptor has the lock alone. */
  public boolean tryLockShared() throws ErrnoException {
    return tryLock(LOCK_SHARED);
  }

  private boolean tryLock(int kind) throws ErrnoException {
    try {
      files.call(Syscall.FLOCK, number, kind | LOCK_NONBLOCKING);
      return true;
    } catch (ErrnoException e) {
      if (e.is(Errno.EAGAIN)) {
        return false;
      }
      throw e;
    }
  }

  /** Decides whether the file system is mounted noexec. */
  public boolean noExecution() throws ErrnoException {
    return (statfs().getLong(STATFS_FLAGS) & ST_NOEXEC) != 0;
  }

  private ByteBuffer statfs() throws ErrnoException {
    Memory memory = files.memory();
    files.call(Syscall.FSTATFS, number, memory.struct());
    byte[] statfs = memory.read(memory.struct(), STATFS_BYTES);
    return ByteBuffer.wrap(statfs).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Reads from the current position up to a limit in bytes, or to the end of the file. */
  public byte[] read(int limit) throws ErrnoException {
    byte[] first = readOnce(limit);
    byte[] more = first.length == 0 ? first : readOnce(limit - first.length);
    if (more.length == 0) {
      return first; // Nearly every file, and without a copy.
    }
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    content.writeBytes(first);
    while (more.length > 0) {
      content.writeBytes(more);
      more = readOnce(limit - content.size());
    }
    return content.toByteArray();
  }

  private byte[] readOnce(int limit) throws ErrnoException {
    long buffer = files.memory().buffer();
    int most = Math.min(limit, Memory.BUFFER);
    int got = most == 0 ? 0 : (int) files.call(Syscall.READ, number, buffer, most);
    return files.memory().read(buffer, got);
  }

  /** Writes all bytes at the current position. */
  public void write(byte[] content) throws ErrnoException {
    for (int from = 0; from < content.length; from += Memory.BUFFER) {
      int to = Math.min(content.length, from + Memory.BUFFER);
      files.memory().write(files.memory().buffer(), content, from, to - from);
      writeBuffer(to - from);
    }
  }

  /** Writes the first bytes of the thread's buffer. */
  void writeBuffer(int length) throws ErrnoException {
    long buffer = files.memory().buffer();
    for (int done = 0; done < length; ) {
      int wrote = (int) files.call(Syscall.WRITE, number, buffer + done, length - done);
      if (wrote == 0) {
        throw new ErrnoException(Syscall.WRITE, Errno.EIO);
      }
      done += wrote;
    }
  }

  void seek(long position) throws ErrnoException {
    files.call(Syscall.LSEEK, number, position, SEEK_SET);
  }

  /** Closes the file, and unlike {@link #close} throws when the last writing failed. */
  public void closeWritten() throws ErrnoException {
    int closing = number;
    number = -1;
    files.close(closing);
  }

  @Override
  public void close() {
    if (number >= 0) {
      try {
        closeWritten();
      } catch (ErrnoException e) {
        // Only a written file has something to lose: closeWritten() is for those.
      }
    }
  }
}
