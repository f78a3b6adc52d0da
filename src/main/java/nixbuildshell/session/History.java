package nixbuildshell.session;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import nixbuildshell.ByteString;
import nixbuildshell.files.Dated;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileContent;
import nixbuildshell.files.Status;
import nixbuildshell.files.TreeRemoval;
import nixbuildshell.files.WholeFile;

/**
 * Keeps the lines that the caller typed into the shells of one derivation's builds, in the file
 * {@code .history/NAME} of the base. A program in the sandbox can write the lines, so they are only
 * data: bounded, and without what could steer a terminal.
 */
public final class History {
  /** The largest file that is read from a sandbox, in bytes. */
  public static final int LARGEST = 4 << 20;

  /** Files in the directory: each name that a derivation had leaves one. */
  static final int MOST_FILES = 200;

  static final int MOST_LINES = 1000;
  static final int MOST_BYTES = 256 << 10;

  /** Matches the control characters, also those that UTF-8 writes with two bytes. */
  private static final Pattern STEERING =
      Pattern.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f]|\\xc2[\\x80-\\x9f]");

  private static final ByteString DIRECTORY = ByteString.of(".history");

  private final Directory base;
  private final ByteString name;

  History(Directory base, ByteString name) {
    this.base = base;
    this.name = name;
  }

  /** Returns the lines, as bash's HISTFILE has them; empty when there are none. */
  public ByteString lines() {
    try (Directory directory = base.openDirectory(DIRECTORY)) {
      return FileContent.read(directory, name, MOST_BYTES) instanceof FileContent.Bytes file
          ? ByteString.of(file.bytes())
          : ByteString.EMPTY;
    } catch (ErrnoException e) {
      return ByteString.EMPTY;
    }
  }

  /**
   * Stores the last lines of a shell's HISTFILE.
   *
   * @return why they could not be stored
   */
  public Optional<String> store(ByteString file) {
    ByteString last = last(file);
    if (last.isEmpty()) {
      return Optional.empty();
    }
    try {
      try (Directory directory = base.openOrMakeDirectory(DIRECTORY)) {
        makeRoom(directory);
        WholeFile.replace(directory, name, last.bytes());
      }
      return Optional.empty();
    } catch (ErrnoException e) {
      return Optional.of(e.why());
    }
  }

  /** Removes the oldest files, so that with a new one there are not too many. */
  private static void makeRoom(Directory directory) throws ErrnoException {
    List<Dated> all = Dated.oldestFirst(directory, Status::modified);
    for (Dated each : all.subList(0, Math.max(0, all.size() - MOST_FILES + 1))) {
      TreeRemoval.remove(directory, each.name());
    }
  }

  /** Returns the last lines that are text, within the bounds. */
  static ByteString last(ByteString file) {
    List<String> lines = new ArrayList<>();
    int bytes = 0;
    String[] all = file.latin1().split("\n");
    for (int i = all.length - 1; i >= 0 && lines.size() < MOST_LINES; i--) {
      bytes += all[i].length() + 1;
      if (bytes > MOST_BYTES) {
        break;
      }
      if (!all[i].isEmpty() && !STEERING.matcher(all[i]).find()) {
        lines.add(0, all[i] + "\n");
      }
    }
    return new ByteString(String.join("", lines));
  }
}
