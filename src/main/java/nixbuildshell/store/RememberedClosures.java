package nixbuildshell.store;

import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import nixbuildshell.ByteString;
import nixbuildshell.files.Answers;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.Status;

/**
 * Remembers the closures of derivations' inputs. What a valid store path refers to never changes.
 * But a path can be deleted, and built again with other references: an answer holds as long as each
 * path is the same file, which its inode and its ctime tell.
 *
 * @param answers keeps a path in each line, with its inode and ctime
 */
public record RememberedClosures(NixStore store, FileSystem files, Answers answers) {
  private static final String KIND = "closure";

  /**
   * Returns the closure of a derivation's inputs and some more store paths; empty when it is not
   * known, or no longer.
   */
  public Optional<Set<StorePath>> find(StorePath derivation, Collection<StorePath> more) {
    return answers.get(KIND, question(derivation, more)).flatMap(this::valid);
  }

  private Optional<Set<StorePath>> valid(ByteString answer) {
    Set<StorePath> paths = new LinkedHashSet<>();
    String text = answer.latin1();
    try (Directory real = files.openDirectory(ByteString.of(store.real()))) {
      for (int start = 0; start < text.length(); ) {
        int end = text.indexOf('\n', start);
        int space = text.indexOf(' ', start);
        if (space < 0 || end < space) {
          return Optional.empty();
        }
        String name = text.substring(start, space);
        Optional<StorePath> path = StorePath.find(name);
        if (path.isEmpty()
            || !text.startsWith(identity(real.status(ByteString.of(name))) + '\n', space + 1)) {
          return Optional.empty();
        }
        paths.add(path.get());
        start = end + 1;
      }
      return Optional.of(paths);
    } catch (ErrnoException e) {
      return Optional.empty();
    }
  }

  private static String identity(Status status) {
    Status.Time changed = status.changed();
    return status.inode() + " " + changed.seconds() + " " + changed.nanoseconds();
  }

  /** Remembers a closure that Nix has told. */
  public void put(StorePath derivation, Collection<StorePath> more, Set<StorePath> closure) {
    StringBuilder answer = new StringBuilder();
    try (Directory real = files.openDirectory(ByteString.of(store.real()))) {
      for (StorePath path : closure) {
        Status status = real.status(ByteString.of(path.baseName()));
        answer.append(path).append(' ').append(identity(status)).append('\n');
      }
    } catch (ErrnoException e) {
      return; // A path is gone meanwhile.
    }
    answers.put(KIND, question(derivation, more), new ByteString(answer.toString()));
  }

  private ByteString question(StorePath derivation, Collection<StorePath> more) {
    StringBuilder question = new StringBuilder(store.real()).append('\n');
    question.append(store.directory().path(derivation)).append('\n');
    new TreeSet<>(more).forEach(path -> question.append(path).append('\n'));
    return ByteString.of(question.toString());
  }
}
