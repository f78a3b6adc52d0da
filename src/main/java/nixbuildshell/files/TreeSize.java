package nixbuildshell.files;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import nixbuildshell.ByteString;

/**
 * Says how much room a tree takes on its file system, as du(1) does.
 *
 * @param bytes of all blocks, those of a file with several names once
 * @param complete whether the caller may look into all of it
 */
public record TreeSize(long bytes, boolean complete) {

  /** Measures a tree. */
  public static TreeSize of(Directory root) {
    long bytes = 0;
    boolean[] complete = {true};
    Set<List<Long>> seen = new HashSet<>();
    try (Descent descent = new Descent(root)) {
      bytes += size(descent.status());
      Runnable lost = () -> complete[0] = false;
      for (Optional<Descent.Found> next = descent.step(lost);
          next.isPresent();
          next = descent.step(lost)) {
        Directory in = next.get().in();
        ByteString name = next.get().name();
        Optional<Status> status = in.find(name);
        if (status.isEmpty()) {
          continue;
        }
        if (status.get().type() == FileType.DIRECTORY) {
          complete[0] &= enter(in, name, descent);
          bytes += size(status.get());
        } else if (status.get().links() == 1
            || seen.add(List.of(status.get().device(), status.get().inode()))) {
          bytes += size(status.get());
        }
      }
    } catch (ErrnoException e) {
      complete[0] = false;
    }
    return new TreeSize(bytes, complete[0]);
  }

  private static long size(Status status) {
    return status.blocks() * 512;
  }

  private static boolean enter(Directory in, ByteString name, Descent descent) {
    try {
      Directory opened = in.openDirectory(name);
      descent.enter(opened.place(), opened, opened.self().status());
      return true;
    } catch (ErrnoException e) {
      return false;
    }
  }
}
