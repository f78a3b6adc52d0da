package nixbuildshell.files;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import nixbuildshell.ByteString;

/**
 * Names the program that the kernel starts for an executable file: a script's interpreter ({@code
 * fs/binfmt_script.c}), or the loader of a dynamic program (PT_INTERP, {@code fs/binfmt_elf.c}).
 * Where it is missing, {@code execve(2)} says ENOENT, as if the file itself were.
 *
 * @param script whether the file is a script
 */
public record ProgramLoader(ByteString path, boolean script) {
  private static final int HEAD = 1 << 16;
  private static final int LONGEST_LINE = 256;
  private static final int LONGEST_PATH = 4096;
  private static final int EXECUTABLE = 0111;
  private static final int PT_INTERP = 3;
  private static final String ELF = "\u007fELF";

  /**
   * Reads what a file names; empty when it names nothing, is not executable, or cannot be read. No
   * link is followed.
   *
   * @param path names with slashes between them
   */
  public static Optional<ProgramLoader> of(Directory directory, String path) {
    int slash = path.indexOf('/');
    if (slash >= 0) {
      ByteString first = new ByteString(path.substring(0, slash));
      try (Directory next = directory.openDirectory(first)) {
        return of(next, path.substring(slash + 1));
      } catch (ErrnoException e) {
        return Optional.empty();
      }
    }
    try (Descriptor file = directory.openFile(new ByteString(path))) {
      Status status = file.status();
      return status.type() == FileType.REGULAR && (status.mode() & EXECUTABLE) != 0
          ? of(file, file.read(HEAD))
          : Optional.empty();
    } catch (ErrnoException | IndexOutOfBoundsException | ArithmeticException e) {
      return Optional.empty(); // No program that could start elsewhere.
    }
  }

  private static Optional<ProgramLoader> of(Descriptor file, byte[] head) throws ErrnoException {
    if (head.length > 2 && head[0] == '#' && head[1] == '!') {
      return ofScript(ByteString.of(head).latin1());
    }
    return ByteString.of(head).startsWith(ELF)
        ? ofProgram(file, ByteBuffer.wrap(head))
        : Optional.empty();
  }

  private static Optional<ProgramLoader> ofScript(String text) {
    String line =
        text.substring(2, Math.min(text.length(), LONGEST_LINE)).lines().findFirst().orElse("");
    return new ByteString(line)
        .words().stream().findFirst().map(path -> new ProgramLoader(path, true));
  }

  private static Optional<ProgramLoader> ofProgram(Descriptor file, ByteBuffer head)
      throws ErrnoException {
    boolean wide = head.get(4) == 2;
    head.order(head.get(5) == 1 ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    int at = Math.toIntExact(wide ? head.getLong(32) : head.getInt(28));
    int size = head.getShort(wide ? 54 : 42);
    int count = head.getShort(wide ? 56 : 44);
    for (int i = 0; i < count; i++, at += size) {
      if (head.getInt(at) == PT_INTERP) {
        long offset = wide ? head.getLong(at + 8) : head.getInt(at + 4);
        long length = wide ? head.getLong(at + 32) : head.getInt(at + 16);
        file.seek(offset);
        String path =
            ByteString.of(file.read(Math.toIntExact(Math.min(length, LONGEST_PATH)))).latin1();
        return Optional.of(
            new ProgramLoader(new ByteString(path.replaceAll("(?s)\0.*", "")), false));
      }
    }
    return Optional.empty();
  }
}
