package nixbuildshell.store;

import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import nixbuildshell.ByteString;
import nixbuildshell.files.Answers;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.Status;

/**
 * Remembers the closures of derivations' inputs. What a valid store path refers to never changes.
 * But a path can be deleted, and built again with other references: an answer holds as long as each
 * path is the same file, which its inode and its ctime tell.
 *
 * <p>An answer has the number of paths (4 bytes), then four words of 8 bytes for each: the length
 * of its name, its inode, and the seconds and nanoseconds of its ctime; then all names. So nothing
 * is searched or parsed, which takes long before the JVM has compiled it.
 */
public record RememberedClosures(StoreEntries entries, Answers answers) {
  private static final String KIND = "closure";
  private static final int WORDS = 4;

  /**
   * Returns the closure of a derivation's inputs and some more store paths; empty when it is not
   * known, or no longer.
   */
  public Optional<Set<StorePath>> find(StorePath derivation, Collection<StorePath> more) {
    return answers.get(KIND, question(derivation, more)).flatMap(this::valid);
  }

  private Optional<Set<StorePath>> valid(ByteString answer) {
    ByteBuffer bytes = ByteBuffer.wrap(answer.bytes());
    int paths = bytes.remaining() < Integer.BYTES ? -1 : bytes.getInt();
    if (paths < 0 || paths > bytes.remaining() / (WORDS * Long.BYTES)) {
      return Optional.empty();
    }
    long[] words = new long[WORDS * paths];
    bytes.asLongBuffer().get(words);
    return valid(words, answer.latin1().substring(Integer.BYTES + words.length * Long.BYTES));
  }

  private Optional<Set<StorePath>> valid(long[] words, String names) {
    Set<StorePath> paths = new LinkedHashSet<>();
    int start = 0;
    try (Directory real = entries.open()) {
      for (int i = 0; i < words.length; i += WORDS) {
        if (words[i] < 0 || words[i] > names.length() - start) {
          return Optional.empty();
        }
        int end = start + (int) words[i];
        Optional<StorePath> path = StorePath.find(names.substring(start, end));
        if (path.isEmpty() || !is(entries.status(real, path.get()), words, i)) {
          return Optional.empty();
        }
        paths.add(path.get());
        start = end;
      }
      return Optional.of(paths);
    } catch (ErrnoException e) {
      return Optional.empty();
    }
  }

  private static boolean is(Status status, long[] words, int at) {
    return status.inode() == words[at + 1]
        && status.changed().seconds() == words[at + 2]
        && status.changed().nanoseconds() == words[at + 3];
  }

  /** Remembers a closure that Nix has told. */
  public void put(StorePath derivation, Collection<StorePath> more, Set<StorePath> closure) {
    int size = closure.size() * WORDS * Long.BYTES;
    ByteBuffer words = ByteBuffer.allocate(Integer.BYTES + size).putInt(closure.size());
    StringBuilder names = new StringBuilder();
    try (Directory real = entries.open()) {
      for (StorePath path : closure) {
        Status status = entries.status(real, path);
        words.putLong(path.baseName().length()).putLong(status.inode());
        words.putLong(status.changed().seconds()).putLong(status.changed().nanoseconds());
        names.append(path.baseName());
      }
    } catch (ErrnoException e) {
      return; // A path is gone meanwhile.
    }
    ByteString answer = ByteString.of(words.array()).plus(new ByteString(names.toString()));
    answers.put(KIND, question(derivation, more), answer);
  }

  private ByteString question(StorePath derivation, Collection<StorePath> more) {
    NixStore store = entries.store();
    StringBuilder question = new StringBuilder(store.real()).append('\n');
    question.append(store.directory().path(derivation)).append('\n');
    new TreeSet<>(more).forEach(path -> question.append(path).append('\n'));
    return ByteString.of(question.toString());
  }
}
