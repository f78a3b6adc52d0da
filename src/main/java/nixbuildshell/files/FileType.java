package nixbuildshell.files;

import java.util.Arrays;

/** Lists the types of files ({@code inode(7)}). */
public enum FileType {
  FIFO(1, "a FIFO"),
  CHARACTER_DEVICE(2, "a character device"),
  DIRECTORY(4, "a directory"),
  BLOCK_DEVICE(6, "a block device"),
  REGULAR(8, "a regular file"),
  LINK(10, "a symbolic link"),
  SOCKET(12, "a socket"),
  UNKNOWN(0, "a file of an unknown kind");

  private static final FileType[] BY_NUMBER = new FileType[16];

  static {
    Arrays.fill(BY_NUMBER, UNKNOWN);
    for (FileType type : values()) {
      BY_NUMBER[type.number] = type;
    }
  }

  private final int number;
  private final String description;

  FileType(int number, String description) {
    this.number = number;
    this.description = description;
  }

  /** Returns the type for a {@code d_type} of {@code getdents64(2)}, or {@code st_mode >> 12}. */
  static FileType of(int number) {
    return number < 0 || number >= BY_NUMBER.length ? UNKNOWN : BY_NUMBER[number];
  }

  /** Returns words for a message: "a FIFO". */
  @Override
  public String toString() {
    return description;
  }
}
