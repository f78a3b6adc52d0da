package nixbuildshell.store;

import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.LinkedHashSet;
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
  private static final List<FileType> TYPES =
      List.of(FileType.DIRECTORY, FileType.REGULAR, FileType.LINK);

  /**
   * Returns the closure of a derivation's inputs and some more store paths; empty when it is not
   * known, or no longer.
   */
  public Optional<Set<StorePath>> find(StorePath derivation, Collection<StorePath> more) {
    ByteString question = question(derivation, more);
    return answers.getBytes(KIND, question).flatMap(answer -> valid(question, answer));
  }

  private Optional<Set<StorePath>> valid(ByteString question, byte[] answer) {
    ByteBuffer bytes = ByteBuffer.wrap(answer);
    long[] words = new long[bytes.remaining() / Long.BYTES];
    bytes.asLongBuffer().get(words);
    if (words.length < HEADER
        || words[HEADER - 1] < 0
        || words[HEADER - 1] > (words.length - HEADER) / WORDS) {
      return Optional.empty();
    }
    int end = HEADER + WORDS * (int) words[HEADER - 1];
    try (Directory real = entries.open()) {
      Status now = real.self().status();
      Optional<Set<StorePath>> paths = paths(words, end, answer);
      if (paths.isEmpty() || now.device() == words[0] && isSame(now, words, 1)) {
        return paths;
      }
      int at = HEADER;
      for (StorePath path : paths.get()) {
        if (!isSame(entries.status(real, path), words, at + 3)) {
          return Optional.empty();
        }
        at += WORDS;
      }
      if (!isRecent(now)) {
        putDirectory(ByteBuffer.wrap(answer), now);
        answers.put(KIND, question, ByteString.of(answer));
      }
      return paths;
    } catch (ErrnoException e) {
      return Optional.empty();
    }
  }

  /** Parses an answer; empty when it has another form. */
  private Optional<Set<StorePath>> paths(long[] words, int end, byte[] answer) {
    Set<StorePath> paths = new LinkedHashSet<>();
    int start = end * Long.BYTES;
    for (int i = HEADER; i < end; i += WORDS) {
      if (words[i] < 0
          || words[i] > answer.length - start
          || words[i + 1] < 0
          || words[i + 1] >= TYPES.size()) {
        return Optional.empty();
      }
      int next = start + (int) words[i];
      Optional<StorePath> path = StorePath.find(answer, start, next);
      if (path.isEmpty() || !paths.add(path.get())) {
        return Optional.empty();
      }
      entries.know(path.get(), new StoreEntries.Entry(TYPES.get((int) words[i + 1]), words[i + 2]));
      start = next;
    }
    return Optional.of(paths);
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
      answer.putLong(TYPES.indexOf(status.type())).putLong(status.uid());
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
