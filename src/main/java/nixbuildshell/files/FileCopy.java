package nixbuildshell.files;

import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongConsumer;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;

/**
 * Copies the content of regular files: as a reflink where the file system can, else within the
 * kernel, else through memory. Holes stay holes. It remembers what file systems cannot do. Several
 * threads may use it.
 */
final class FileCopy {
  static final long FICLONE = 0x40049409;
  private static final int SEEK_DATA = 3;
  private static final int SEEK_HOLE = 4;
  private static final long AT_ONCE = 1 << 24;

  private final FileCalls files;
  private final LongConsumer progress;
  private final Set<Long> withoutReflink = ConcurrentHashMap.newKeySet();
  private final Set<Long> withoutKernelCopy = ConcurrentHashMap.newKeySet();

  /**
   * @param progress hears the bytes of each copied piece or hole, and may throw
   */
  FileCopy(FileCalls files, LongConsumer progress) {
    this.files = files;
    this.progress = progress;
  }

  /**
   * Copies the bytes that the file had at its status; fewer when it has shrunk.
   *
   * @param from open for reading, at its start
   * @param to open for writing, empty
   * @return the error that stopped the reading; empty when there was none
   * @throws ErrnoException when the writing failed
   */
  Optional<ErrnoException> copy(Descriptor from, Status status, Descriptor to)
      throws ErrnoException {
    if (status.size() == 0 || reflinked(from, status, to)) {
      progress.accept(status.size());
      return Optional.empty();
    }
    // Most files have no holes, so do not search for them.
    return status.blocks() * 512 >= status.size()
        ? copyData(from, to, status.device(), status.size())
        : copySparse(from, status, to);
  }

  private boolean reflinked(Descriptor from, Status status, Descriptor to) throws ErrnoException {
    if (withoutReflink.contains(status.device())) {
      return false;
    }
    try {
      files.call(Syscall.IOCTL, to.number(), FICLONE, from.number());
      return true;
    } catch (ErrnoException e) {
      if (e.is(Errno.EOPNOTSUPP, Errno.EXDEV, Errno.ENOTTY, Errno.ENOSYS)) {
        withoutReflink.add(status.device());
      }
      // An error that matters comes again below, where it shows which side it is on.
      return false;
    }
  }

  private Optional<ErrnoException> copySparse(Descriptor from, Status status, Descriptor to)
      throws ErrnoException {
    long end = status.size();
    for (long at = 0; at < end; ) {
      long data = seek(from, at, SEEK_DATA, at, end);
      long hole = data == end ? end : seek(from, data, SEEK_HOLE, end, end);
      progress.accept(data - at);
      if (data < hole) {
        from.seek(data);
        to.seek(data);
        Optional<ErrnoException> unread = copyData(from, to, status.device(), hole - data);
        if (unread.isPresent()) {
          return unread;
        }
      }
      at = hole;
    }
    files.call(Syscall.FTRUNCATE, to.number(), end);
    return Optional.empty();
  }

  /**
   * Returns the position of the next data or hole, at most the end.
   *
   * @param unknown the answer when the file system knows no holes
   */
  private long seek(Descriptor file, long at, int whence, long unknown, long end) {
    try {
      long found = files.call(Syscall.LSEEK, file.number(), at, whence);
      return found <= at && whence == SEEK_HOLE ? end : Math.min(found, end);
    } catch (ErrnoException e) {
      // ENXIO: there is no data after this position, or the file has shrunk.
      return e.is(Errno.ENXIO) ? end : unknown;
    }
  }

  /** Copies bytes between the current positions. */
  private Optional<ErrnoException> copyData(Descriptor from, Descriptor to, long device, long bytes)
      throws ErrnoException {
    long left = bytes;
    while (left > 0 && !withoutKernelCopy.contains(device)) {
      long done;
      try {
        done =
            files.call(
                Syscall.COPY_FILE_RANGE, from.number(), 0, to.number(), 0, Math.min(left, AT_ONCE));
      } catch (ErrnoException e) {
        if (e.is(Errno.EXDEV, Errno.ENOSYS, Errno.EOPNOTSUPP, Errno.EINVAL)) {
          withoutKernelCopy.add(device);
        }
        break;
      }
      if (done == 0) {
        break;
      }
      left -= done;
      progress.accept(done);
    }
    return copyByMemory(from, to, left);
  }

  private Optional<ErrnoException> copyByMemory(Descriptor from, Descriptor to, long bytes)
      throws ErrnoException {
    long buffer = files.memory().buffer();
    for (long left = bytes; left > 0; ) {
      int got;
      try {
        got = (int) files.call(Syscall.READ, from.number(), buffer, Math.min(left, Memory.BUFFER));
      } catch (ErrnoException e) {
        return Optional.of(e);
      }
      if (got == 0) {
        break;
      }
      to.writeBuffer(got);
      left -= got;
      progress.accept(got);
    }
    return Optional.empty();
  }
}
