package nixbuildshell.files;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32;
import nixbuildshell.ByteString;

/**
 * Keeps answers that took an earlier run long to get, each in a file of a directory that only the
 * caller can write to. A file that is not whole, that is no regular file, or that answers another
 * question counts as missing, and so does every answer where the directory cannot be used.
 *
 * <p>A file has a line with the version and the checksum of what follows: the question, a NUL, and
 * the answer. Whoever asks must be able to tell whether the answer still holds.
 */
public final class Answers {
  /** Keeps nothing, and knows no answer. */
  public static final Answers NONE = new Answers(Optional.empty());

  private static final ByteString NAME = ByteString.of(".answers");
  private static final String VERSION = "1 ";

  /** Bytes in a file: the closure of 10,000 store paths has less than a million. */
  private static final int LARGEST = 1 << 22;

  /** Files and bytes in the directory. */
  private static final int MOST = 200;

  private static final long MOST_BYTES = 1 << 25;

  private final Optional<Directory> base;

  private Answers(Optional<Directory> base) {
    this.base = base;
  }

  /**
   * Returns the answers that are kept in a directory.
   *
   * @param base only the caller can write to it; it stays open as long as this is used
   */
  public static Answers in(Directory base) {
    return new Answers(Optional.of(base));
  }

  /**
   * Returns the answer to a question; empty when it is not known.
   *
   * @param kind letters: the questions of a kind have one form
   * @param question without a NUL
   */
  public Optional<ByteString> get(String kind, ByteString question) {
    if (base.isEmpty()) {
      return Optional.empty();
    }
    try (Directory answers = base.get().openDirectory(NAME)) {
      return FileContent.read(answers, file(kind, question), LARGEST)
              instanceof FileContent.Bytes file
          ? answer(ByteString.of(file.bytes()).latin1(), question.latin1() + '\0')
          : Optional.empty();
    } catch (ErrnoException e) {
      return Optional.empty();
    }
  }

  private static Optional<ByteString> answer(String file, String question) {
    int line = file.indexOf('\n') + 1;
    return file.startsWith(question, line)
            && file.substring(0, line).equals(head(file.substring(line)))
        ? Optional.of(new ByteString(file.substring(line + question.length())))
        : Optional.empty();
  }

  private static String head(String content) {
    return VERSION + checksum(content) + '\n';
  }

  private static String checksum(String content) {
    CRC32 checksum = new CRC32();
    checksum.update(content.getBytes(StandardCharsets.ISO_8859_1));
    return Long.toHexString(checksum.getValue());
  }

  /** Two questions of one name displace each other. */
  private static ByteString file(String kind, ByteString question) {
    return ByteString.of(kind + "-" + checksum(question.latin1()));
  }

  /** Keeps an answer, if it can be kept. */
  public void put(String kind, ByteString question, ByteString answer) {
    if (base.isEmpty()) {
      return;
    }
    String content = question.latin1() + '\0' + answer.latin1();
    ByteString file = new ByteString(head(content) + content);
    if (file.length() > LARGEST) {
      return;
    }
    try {
      put(base.get(), file(kind, question), file.bytes());
    } catch (ErrnoException e) {
      // The next run asks again.
    }
  }

  private static void put(Directory base, ByteString name, byte[] content) throws ErrnoException {
    if (base.find(NAME).isEmpty()) {
      base.makeDirectory(NAME, 0700);
    }
    try (Directory answers = base.openDirectory(NAME)) {
      makeRoom(answers, content.length);
      WholeFile.replace(answers, name, content);
    }
  }

  private record Kept(ByteString name, Status status) {}

  /** Removes the oldest files, whatever they are. */
  private static void makeRoom(Directory answers, long more) throws ErrnoException {
    List<Kept> all = new ArrayList<>();
    long bytes = more;
    for (ByteString name : Listing.names(answers)) {
      Optional<Status> status = answers.find(name);
      if (status.isPresent()) {
        all.add(new Kept(name, status.get()));
        bytes += status.get().size();
      }
    }
    all.sort((one, other) -> one.status.modified().compareTo(other.status.modified()));
    for (int i = 0; i < all.size() && (all.size() - i >= MOST || bytes > MOST_BYTES); i++) {
      bytes -= all.get(i).status.size();
      TreeRemoval.remove(answers, all.get(i).name);
    }
  }
}
