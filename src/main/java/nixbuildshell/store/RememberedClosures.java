package nixbuildshell.store;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.files.Answers;
import nixbuildshell.files.Directory;
import nixbuildshell.files.EntryList;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.Status;

/**
 * Remembers the closures of derivations' inputs. What a valid store path refers to never changes.
 * But a path can be deleted, and built again with other references: an answer holds as long as each
 * path is the same file, which its inode and its ctime tell. While no entry of the store comes or
 * goes, which changes the ctime of its directory, no path needs to be looked at.
 *
 * <p>An answer consists of words of 8 bytes, and then all names. The words are the device, inode
 * and ctime of the store's directory (seconds and nanoseconds), the number of paths, and for each
 * path its owner, inode and ctime. The names are an {@link EntryList}. So nothing is searched or
 * parsed, which takes long before the JVM has compiled it.
 */
public record RememberedClosures(StoreEntries entries, Answers answers) {
  private static final String KIND = "closure";
  private static final long NO_DEVICE = -1;
  private static final int HEADER = 5;
  private static final int WORDS = 4;

  /**
   * Returns the closure of a derivation's inputs and some more store paths; empty when it is not
   * known, or no longer.
   */
  public Optional<ShownPaths> find(StorePath derivation, Collection<StorePath> more) {
    ByteString question = question(derivation, more);
    return answers.getBytes(KIND, question).flatMap(answer -> valid(question, answer));
  }

  private Optional<ShownPaths> valid(ByteString question, ByteBuffer answer) {
    int before = HEADER * Long.BYTES;
    long count =
        answer.remaining() < before ? -1 : answer.getLong(answer.position() + before - Long.BYTES);
    if (count < 0 || count > (answer.remaining() - before) / (WORDS * Long.BYTES)) {
      return Optional.empty();
    }
    long[] words = new long[HEADER + WORDS * (int) count];
    answer.asLongBuffer().get(words);
    int names = answer.position() + words.length * Long.BYTES;
    return EntryList.parse(Arrays.copyOfRange(answer.array(), names, answer.limit()))
        .filter(
            known ->
                known.size() == count
                    && areStorePaths(known)
                    && isUnchanged(question, answer, words, known))
        .map(known -> new ShownPaths(known, owners(words)));
  }

  /**
   * Decides whether names are long enough for store paths. More is not checked: the answer is the
   * tool's own, and {@link Answers} has checked the sum of its bytes.
   */
  private static boolean areStorePaths(EntryList names) {
    for (int i = 0; i < names.size(); i++) {
      if (names.length(i) < StorePath.SHORTEST) {
        return false;
      }
    }
    return true;
  }

  /** Nearly all store paths have one owner. */
  private static Set<Long> owners(long[] words) {
    Set<Long> owners = new HashSet<>();
    for (int i = HEADER; i < words.length; i += WORDS) {
      if (i == HEADER || words[i] != words[i - WORDS]) {
        owners.add(words[i]);
      }
    }
    return owners;
  }

  private boolean isUnchanged(
      ByteString question, ByteBuffer answer, long[] words, EntryList known) {
    try (Directory real = entries.open()) {
      Status now = real.self().status();
      if (now.device() == words[0] && isSame(now, words, 1)) {
        return true;
      }
      for (int i = 0; i < known.size(); i++) {
        StorePath path = new StorePath(known.name(i).latin1());
        if (!isSame(entries.status(real, path), words, HEADER + WORDS * i + 1)) {
          return false;
        }
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

  private static boolean isSame(Status status, long[] words, int at) {
    return status.inode() == words[at]
        && status.changed().seconds() == words[at + 1]
        && status.changed().nanoseconds() == words[at + 2];
  }

  /** Remembers a closure that Nix has told. */
  public void put(StorePath derivation, Collection<StorePath> more, Set<StorePath> closure) {
    try (Directory real = entries.open()) {
      put(real, question(derivation, more), closure);
    } catch (ErrnoException | Failure e) {
      // A path is gone meanwhile, or cannot be shown.
    }
  }

  private void put(Directory real, ByteString question, Set<StorePath> closure)
      throws ErrnoException {
    ByteBuffer answer = ByteBuffer.allocate((HEADER + closure.size() * WORDS) * Long.BYTES);
    putDirectory(answer, real.self().status());
    answer.putLong(closure.size());
    for (StorePath path : closure) {
      Status status = entries.status(real, path);
      answer.putLong(status.uid());
      putSame(answer, status);
    }
    byte[] names = entries.all(closure, () -> StoreInputs.NONE).entries().text();
    answers.put(KIND, question, ByteString.of(answer.array()).plus(ByteString.of(names)));
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
