package nixbuildshell.files;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Syscall;

/**
 * Reads the entries of a directory of any size, in pieces ({@code getdents64(2)}). It remembers the
 * position itself, so the directory may be closed meanwhile and opened again.
 */
public final class Listing {
  /**
   * Names an entry of a directory.
   *
   * @param type UNKNOWN on some file systems
   */
  public record Entry(ByteString name, FileType type) {}

  private static final int NAME_OFFSET = 19;

  /** {@code d_type} of a regular file. */
  private static final int REGULAR = 8;

  private final int bytesAtOnce;
  private ByteBuffer piece = ByteBuffer.allocate(0);

  /** Whether the piece's regular files were returned, and now comes the rest. */
  private boolean rest;

  private long position;

  /**
   * @param bytesAtOnce the largest piece, 512 to 262144 bytes
   */
  Listing(int bytesAtOnce) {
    this.bytesAtOnce = Math.min(bytesAtOnce, Memory.BUFFER);
  }

  public Listing() {
    this(1 << 15);
  }

  /**
   * Returns the next entry, without "." and "..". Of a piece, regular files come first.
   *
   * @param directory the same directory at each call; it may have been opened again
   */
  public Optional<Entry> next(Directory directory) throws ErrnoException {
    while (piece.hasRemaining() || again() || fill(directory)) {
      int start = piece.position();
      position = piece.getLong(start + 8);
      int length = Short.toUnsignedInt(piece.getShort(start + 16));
      int type = piece.get(start + 18);
      piece.position(start + length);
      if (rest == (type == REGULAR)) {
        continue;
      }
      int end = start + NAME_OFFSET;
      while (piece.get(end) != 0) {
        end++;
      }
      byte[] name = new byte[end - start - NAME_OFFSET];
      piece.get(start + NAME_OFFSET, name);
      if (!(name[0] == '.' && (name.length == 1 || name.length == 2 && name[1] == '.'))) {
        return Optional.of(new Entry(ByteString.of(name), FileType.of(type)));
      }
    }
    return Optional.empty();
  }

  /** Begins again with the piece, once; false when there is nothing in it. */
  private boolean again() {
    boolean begins = !rest && piece.limit() > 0;
    if (begins) {
      rest = true;
      piece.rewind();
    }
    return begins;
  }

  /** Returns the names of a directory's entries. */
  public static List<ByteString> names(Directory directory) throws ErrnoException {
    List<ByteString> names = new ArrayList<>();
    try (Directory opened = directory.reopen()) {
      Listing listing = new Listing();
      Optional<Entry> entry = listing.next(opened);
      while (entry.isPresent()) {
        names.add(entry.get().name());
        entry = listing.next(opened);
      }
    }
    return names;
  }

  private boolean fill(Directory directory) throws ErrnoException {
    FileCalls files = directory.files();
    directory.self().seek(position);
    long buffer = files.memory().buffer();
    int got = (int) files.call(Syscall.GETDENTS64, directory.self().number(), buffer, bytesAtOnce);
    piece = ByteBuffer.wrap(files.memory().read(buffer, got)).order(ByteOrder.LITTLE_ENDIAN);
    rest = false;
    return got > 0;
  }
}
