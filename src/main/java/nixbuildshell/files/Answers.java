package nixbuildshell.files;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
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
    return getBytes(kind, question).map(Answers::text);
  }

  private static ByteString text(ByteBuffer answer) {
    int length = answer.remaining();
    return new ByteString(
        new String(answer.array(), answer.position(), length, StandardCharsets.ISO_8859_1));
  }

  /** Returns the answer to a question so, which may be large, in a part of an array. */
  public Optional<ByteBuffer> getBytes(String kind, ByteString question) {
    if (base.isEmpty()) {
      return Optional.empty();
    }
    try (Directory answers = base.get().openDirectory(NAME)) {
      return FileContent.read(answers, file(kind, question), LARGEST)
              instanceof FileContent.Bytes file
          ? answer(file.bytes(), question.terminated())
          : Optional.empty();
    } catch (ErrnoException e) {
      return Optional.empty();
    }
  }

  private static Optional<ByteBuffer> answer(byte[] file, byte[] question) {
    int line = 0;
    while (line < file.length && file[line] != '\n') {
      line++;
    }
    int from = line + 1 + question.length;
    if (from > file.length || !Arrays.equals(file, line + 1, from, question, 0, question.length)) {
      return Optional.empty();
    }
    byte[] head = head(checksum(file, line + 1));
    return Arrays.equals(file, 0, line + 1, head, 0, head.length)
        ? Optional.of(ByteBuffer.wrap(file, from, file.length - from))
        : Optional.empty();
  }

  private static byte[] head(String checksum) {
    return new ByteString(VERSION + checksum + '\n').bytes();
  }

  /** Returns the checksum of bytes from an index to the end, as it is in names of files. */
  public static String checksum(byte[] content, int from) {
    CRC32 checksum = new CRC32();
    checksum.update(content, from, content.length - from);
    return Long.toHexString(checksum.getValue());
  }

  /** Two questions of one name displace each other. */
  private static ByteString file(String kind, ByteString question) {
    return ByteString.of(kind + "-" + checksum(question.bytes(), 0));
  }

  /** Keeps an answer, if it can be kept. */
  public void put(String kind, ByteString question, ByteString answer) {
    if (base.isEmpty()) {
      return;
    }
    byte[] content = question.plus("\0").plus(answer).bytes();
    ByteString file = ByteString.of(head(checksum(content, 0))).plus(ByteString.of(content));
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
    try (Directory answers = base.openOrMakeDirectory(NAME)) {
      makeRoom(answers, content.length);
      WholeFile.replace(answers, name, content);
    }
  }

  /** Removes the oldest files, whatever they are. */
  private static void makeRoom(Directory answers, long more) throws ErrnoException {
    List<Dated> all = Dated.oldestFirst(answers, Status::modified);
    long bytes = more;
    for (Dated each : all) {
      bytes += each.status().size();
    }
    for (int i = 0; i < all.size() && (all.size() - i >= MOST || bytes > MOST_BYTES); i++) {
      bytes -= all.get(i).status().size();
      TreeRemoval.remove(answers, all.get(i).name());
    }
  }
}
