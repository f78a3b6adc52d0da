package nixbuildshell.store;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import nixbuildshell.ByteString;
import nixbuildshell.files.Answers;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileType;
import nixbuildshell.files.Status;
import nixbuildshell.store.StoreEntries.Entry;

/**
 * Remembers the closures of derivations' inputs. What a valid store path refers to never changes.
 * But a path can be deleted, and built again with other references: an answer holds as long as each
 * path is the same file, which its inode and its ctime tell. While no entry of the store comes or
 * goes, which changes the ctime of its directory, no path needs to be looked at.
 *
 * <p>An answer consists of words of 8 bytes, and then all names. The words are the device, inode
 * and ctime of the store's directory (seconds and nanoseconds), the number of paths, and for each
 * path the length of its name, its type, owner, inode and ctime. So nothing is searched or parsed,
 * which takes long before the JVM has compiled it.
 */
public record RememberedClosures(StoreEntries entries, Answers answers) {
  private static final String KIND = "closure";
  private static final long NO_DEVICE = -1;
  private static final int HEADER = 5;
  private static final int WORDS = 6;
  private static final long SLASHES = 0x2f2f2f2f2f2f2f2fL;
  private static final long SPACES = 0x2020202020202020L;
  private static final long ONES = 0x0101010101010101L;
  private static final long HIGHEST = 0x8080808080808080L;
  private static final FileType[] TYPES = {FileType.DIRECTORY, FileType.REGULAR, FileType.LINK};

  /**
   * Returns the closure of a derivation's inputs and some more store paths; empty when it is not
   * known, or no longer.
   */
  public Optional<List<Entry>> find(StorePath derivation, Collection<StorePath> more) {
    ByteString question = question(derivation, more);
    return answers.getBytes(KIND, question).flatMap(answer -> valid(question, answer));
  }

  private Optional<List<Entry>> valid(ByteString question, ByteBuffer answer) {
    long[] words = new long[answer.remaining() / Long.BYTES];
    answer.asLongBuffer().get(words);
    if (words.length < HEADER
        || words[HEADER - 1] < 0
        || words[HEADER - 1] > (words.length - HEADER) / WORDS) {
      return Optional.empty();
    }
    int end = HEADER + WORDS * (int) words[HEADER - 1];
    return paths(words, end, answer).filter(known -> isUnchanged(question, answer, words, known));
  }

  private boolean isUnchanged(
      ByteString question, ByteBuffer answer, long[] words, List<Entry> known) {
    try (Directory real = entries.open()) {
      Status now = real.self().status();
      if (now.device() == words[0] && isSame(now, words, 1)) {
        return true;
      }
      int at = HEADER;
      for (Entry entry : known) {
        if (!isSame(entries.status(real, entry.path()), words, at + 3)) {
          return false;
        }
        at += WORDS;
      }
      if (!isRecent(now)) {
        byte[] changed = new byte[answer.remaining()];
        answer.duplicate().get(changed);
        putDirectory(ByteBuffer.wrap(changed), now);
        answers.put(KIND, question, ByteString.of(changed));
      }
      return true;
    } catch (ErrnoException e) {
      return false;
    }
  }

  /**
   * Parses an answer; empty when it has another form. Of the names, only the length is checked, and
   * that no name leads elsewhere: the answer is the tool's own, and {@link Answers} has checked the
   * sum of its bytes.
   */
  private static Optional<List<Entry>> paths(long[] words, int end, ByteBuffer answer) {
    List<Entry> paths = new ArrayList<>((end - HEADER) / WORDS);
    int start = answer.position() + end * Long.BYTES;
    if (leadsElsewhere(answer, words, end)) {
      return Optional.empty();
    }
    for (int i = HEADER; i < end; i += WORDS) {
      if (words[i] < StorePath.SHORTEST
          || words[i] > answer.limit() - start
          || words[i + 1] < 0
          || words[i + 1] >= TYPES.length) {
        return Optional.empty();
      }
      int length = (int) words[i];
      String name = new String(answer.array(), start, length, StandardCharsets.ISO_8859_1);
      paths.add(new Entry(new StorePath(name), TYPES[(int) words[i + 1]], words[i + 2]));
      start += length;
    }
    return Optional.of(paths);
  }

  /**
   * Decides whether there is a slash or a control character in the names, which could lead
   * elsewhere, or be a line in the session's list. It looks at 8 bytes at a time: a byte is less
   * than another where subtracting that borrows its highest bit, which it has not itself.
   */
  private static boolean leadsElsewhere(ByteBuffer answer, long[] words, int end) {
    long found = 0;
    for (int i = end; i < words.length; i++) {
      long controls = words[i];
      long slashes = controls ^ SLASHES;
      found |= (controls - SPACES & ~controls | slashes - ONES & ~slashes) & HIGHEST;
    }
    for (int i = words.length * Long.BYTES; i < answer.remaining(); i++) {
      byte last = answer.get(answer.position() + i);
      found |= last >= 0 && last < ' ' || last == '/' ? HIGHEST : 0;
    }
    return found != 0;
  }

  private static boolean isSame(Status status, long[] words, int at) {
    return status.inode() == words[at]
        && status.changed().seconds() == words[at + 1]
        && status.changed().nanoseconds() == words[at + 2];
  }

  /** Remembers a closure that Nix has told. */
  public void put(StorePath derivation, Collection<StorePath> more, Set<StorePath> closure) {
    try (Directory real = entries.open()) {
      put(real, question(derivation, more), closure);
    } catch (ErrnoException e) {
      // A path is gone meanwhile.
    }
  }

  private void put(Directory real, ByteString question, Set<StorePath> closure)
      throws ErrnoException {
    int words = HEADER + closure.size() * WORDS;
    ByteBuffer answer = ByteBuffer.allocate(words * Long.BYTES);
    putDirectory(answer, real.self().status());
    answer.putLong(closure.size());
    StringBuilder names = new StringBuilder();
    for (StorePath path : closure) {
      Status status = entries.status(real, path);
      answer.putLong(path.baseName().length());
      answer.putLong(List.of(TYPES).indexOf(status.type())).putLong(status.uid());
      putSame(answer, status);
      names.append(path.baseName());
    }
    answers.put(
        KIND, question, ByteString.of(answer.array()).plus(new ByteString(names.toString())));
  }

  private static void putDirectory(ByteBuffer answer, Status directory) {
    // While the store changes, another change could leave the same time.
    answer.putLong(isRecent(directory) ? NO_DEVICE : directory.device());
    putSame(answer, directory);
  }

  private static void putSame(ByteBuffer answer, Status status) {
    answer.putLong(status.inode()).putLong(status.changed().seconds());
    answer.putLong(status.changed().nanoseconds());
  }

  /** Decides whether the clock of time stamps, which may tick slowly, can still show this time. */
  private static boolean isRecent(Status status) {
    return status.changed().seconds() >= System.currentTimeMillis() / 1000 - 1;
  }

  private ByteString question(StorePath derivation, Collection<StorePath> more) {
    NixStore store = entries.store();
    StringBuilder question = new StringBuilder(store.real()).append('\n');
    question.append(store.directory().path(derivation)).append('\n');
    new TreeSet<>(more).forEach(path -> question.append(path).append('\n'));
    return ByteString.of(question.toString());
  }
}
