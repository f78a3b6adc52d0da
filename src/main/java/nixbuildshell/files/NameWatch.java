package nixbuildshell.files;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Syscall;

/**
 * Watches the names in directories (inotify(7)). The kernel has one queue for all of them, so the
 * events come in the order in which things happened, which times of files cannot tell within a tick
 * of the clock.
 *
 * <p>One thread reads the events. Any thread may add directories and {@link #remove} them.
 */
public final class NameWatch implements AutoCloseable {
  /** Names what happens. */
  public enum Kind {
    /** The mode, the owner or another attribute of a file has changed. */
    CHANGED(0x4),
    /** A file that was open for writing is closed. */
    WRITTEN(0x8),
    /** A file or a directory is opened, for reading or writing. */
    OPENED(0x20),
    /** A file or a directory is made. */
    MADE(0x100),
    /** The queue was full, and events are lost; no directory is named. */
    LOST(0x4000),
    /** The directory is watched no longer. */
    REMOVED(0x8000);

    private final int bit;

    Kind(int bit) {
      this.bit = bit;
    }
  }

  /**
   * Tells what happened.
   *
   * @param directory the number that {@link #add} returned
   * @param name in the directory; empty for what happens to the watch itself
   */
  public record Event(int directory, Kind kind, ByteString name) {}

  private static final int IN_ONLYDIR = 0x1000000;

  /** Keeps what another path of the same directory asked for. */
  private static final int IN_MASK_ADD = 0x20000000;

  /** Bytes of the {@code struct inotify_event} before the name. */
  private static final int HEAD = 16;

  private final FileCalls files;
  private final Descriptor self;

  NameWatch(FileCalls files, Descriptor self) {
    this.files = files;
    this.self = self;
  }

  /**
   * Watches a directory, too.
   *
   * @param kinds what to tell of the names in it
   * @return the directory's number, the same for another path of it
   * @throws ErrnoException when the user may not read it, or watches too many (ENOSPC)
   */
  public int add(ByteString path, Kind... kinds) throws ErrnoException {
    int mask = IN_ONLYDIR | IN_MASK_ADD;
    for (Kind kind : kinds) {
      mask |= kind.bit;
    }
    long name = files.memory().name(path);
    return (int) files.call(Syscall.INOTIFY_ADD_WATCH, self.number(), name, mask);
  }

  /** Watches a directory no longer: an event tells so, after all that happened before. */
  public void remove(int directory) throws ErrnoException {
    files.call(Syscall.INOTIFY_RM_WATCH, self.number(), directory);
  }

  /** Waits until something happens, and returns what has happened since the last call. */
  public List<Event> next() throws ErrnoException {
    Memory memory = files.memory();
    long got = files.call(Syscall.READ, self.number(), memory.buffer(), Memory.BUFFER);
    return events(memory.read(memory.buffer(), (int) got));
  }

  private static List<Event> events(byte[] bytes) {
    List<Event> events = new ArrayList<>();
    ByteBuffer all = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    while (all.remaining() >= HEAD) {
      int directory = all.getInt();
      int mask = all.getInt();
      all.getInt();
      byte[] padded = new byte[all.getInt()];
      all.get(padded);
      ByteString name = name(padded);
      for (Kind kind : Kind.values()) {
        if ((mask & kind.bit) != 0) {
          events.add(new Event(directory, kind, name));
        }
      }
    }
    return events;
  }

  private static ByteString name(byte[] padded) {
    String text = ByteString.of(padded).latin1();
    int end = text.indexOf('\0');
    return new ByteString(end < 0 ? text : text.substring(0, end));
  }

  /** Ends the watch, which no thread may read then. */
  @Override
  public void close() {
    self.close();
  }
}
