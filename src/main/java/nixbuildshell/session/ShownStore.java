package nixbuildshell.session;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.files.Descriptor;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileContent;
import nixbuildshell.files.FileType;
import nixbuildshell.files.Listing;

/**
 * Describes the store of a session that shows only some store paths. Their mount points are in
 * {@code store/view}, which takes the changes, too. A store path that is a link cannot be mounted,
 * and is made anew there. The file {@code store/paths} names them, a directory with a slash behind
 * its name and a link with an at sign, as {@code ls -F} does.
 *
 * @param names of the store paths
 * @param hasLinks whether one of them is a link
 */
public record ShownStore(List<ByteString> names, boolean hasLinks) {
  static final ByteString PATHS = ByteString.of("store/paths");
  static final ByteString VIEW = ByteString.of("store/view");
  static final int VIEW_MODE = 01775;
  private static final String HEAD = "mount points\n";
  private static final char DIRECTORY = '/';
  private static final char LINK = '@';
  private static final int LONGEST = 16 << 20;

  /** Characters that a line has as a rule, at most. */
  private static final int USUAL_LINE = 64;

  public ShownStore {
    names = List.copyOf(names);
  }

  /** Returns the content of the file that names some store paths. */
  static byte[] paths(List<Listing.Entry> entries) {
    // What grows is copied, and there can be thousands of names.
    StringBuilder lines = new StringBuilder(USUAL_LINE * (entries.size() + 1)).append(HEAD);
    append(entries, lines);
    return bytes(lines);
  }

  /** Returns what such a file has for some more store paths. */
  static byte[] more(List<Listing.Entry> entries) {
    StringBuilder lines = new StringBuilder();
    append(entries, lines);
    return bytes(lines);
  }

  private static void append(List<Listing.Entry> entries, StringBuilder lines) {
    for (Listing.Entry entry : entries) {
      lines.append(entry.name().latin1());
      if (entry.type() == FileType.DIRECTORY) {
        lines.append(DIRECTORY);
      } else if (entry.type() == FileType.LINK) {
        lines.append(LINK);
      }
      lines.append('\n');
    }
  }

  private static byte[] bytes(StringBuilder lines) {
    return lines.toString().getBytes(StandardCharsets.ISO_8859_1);
  }

  /** Reads what a session's directory says; empty when the session shows the whole store. */
  static Optional<ShownStore> of(Directory session) {
    return paths(session).map(ShownStore::parse);
  }

  /** Reads the file that names the store paths of a session's directory; empty without one. */
  static Optional<byte[]> paths(Directory session) {
    return FileContent.read(session, PATHS, LONGEST) instanceof FileContent.Bytes file
        ? Optional.of(file.bytes())
        : Optional.empty();
  }

  private static ShownStore parse(byte[] paths) {
    List<ByteString> names = new ArrayList<>();
    boolean links = false;
    String text = ByteString.of(paths).latin1();
    for (int from = text.startsWith(HEAD) ? HEAD.length() : 0; from < text.length(); ) {
      int end = text.indexOf('\n', from);
      int line = end < 0 ? text.length() : end;
      char last = line > from ? text.charAt(line - 1) : 0;
      boolean marked = last == DIRECTORY || last == LINK;
      links |= last == LINK;
      names.add(new ByteString(text.substring(from, marked ? line - 1 : line)));
      from = line + 1;
    }
    return new ShownStore(names, links);
  }

  /**
   * Decides whether nothing has been made, removed or changed among the mount points since they
   * were made. The kernel sets the ctimes that tell, and no program can.
   */
  static boolean isPristine(Directory session) throws ErrnoException {
    return session.status(VIEW).changed().compareTo(session.status(PATHS).changed()) < 0;
  }

  /** Makes the mount points of a session's directory count as pristine from now on. */
  static void markPristine(Directory session) throws ErrnoException {
    session.setMode(VIEW, VIEW_MODE); // Its ctime is now, even if the clock was set back.
    try (Descriptor paths = session.openFileToWrite(PATHS)) {
      paths.changeLater(session.status(VIEW).changed());
    }
  }
}
