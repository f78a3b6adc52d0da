package nixbuildshell.files;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Syscall;

/**
 * The entries of a directory, a piece at a time, whatever their number ({@code getdents64(2)}). It
 * remembers the position itself, so that the directory may be closed meanwhile and opened again.
 */
public final class Listing {
  /**
   * A name in a directory.
   *
   * @param type may be UNKNOWN: not all file systems tell it here
   */
  public record Entry(ByteString name, FileType type) {}

  private static final int NAME_OFFSET = 19;

  private final int bytesAtOnce;
  private ByteBuffer piece = ByteBuffer.allocate(0);
  private long position;

  /**
   * @param bytesAtOnce at most so much of the directory is held in memory; 512 to 262144
   */
  Listing(int bytesAtOnce) {
    this.bytesAtOnce = Math.min(bytesAtOnce, Memory.BUFFER);
  }

  public Listing() {
    this(1 << 15);
  }

  /**
   * The next entry; "." and ".." are left out.
   *
   * @param directory always the same directory, but not always the same open one
   */
  public Optional<Entry> next(Directory directory) throws ErrnoException {
    while (piece.hasRemaining() || fill(directory)) {
      int start = piece.position();
      position = piece.getLong(start + 8);
      int length = Short.toUnsignedInt(piece.getShort(start + 16));
      int type = piece.get(start + 18);
      piece.position(start + length);
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

  private boolean fill(Directory directory) throws ErrnoException {
    FileCalls files = directory.files();
    directory.self().seek(position);
    long buffer = files.memory().buffer();
    int got = (int) files.call(Syscall.GETDENTS64, directory.self().number(), buffer, bytesAtOnce);
    piece = ByteBuffer.wrap(files.memory().read(buffer, got)).order(ByteOrder.LITTLE_ENDIAN);
    return got > 0;
  }
}
