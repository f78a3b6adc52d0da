package nixbuildshell.enter;

import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import nixbuildshell.Failure;
import nixbuildshell.files.Directory;
import nixbuildshell.files.Owner;
import nixbuildshell.files.TreeCopy;
import nixbuildshell.nix.Background;
import nixbuildshell.session.Session;
import nixbuildshell.session.WorkingCopy;

/**
 * Fills a new session beside what the tool does meanwhile: asks Nix, and runs stdenv's setup. The
 * session ends with it.
 */
final class Staging implements AutoCloseable {
  private static final TreeCopy.Progress UNSEEN = (files, bytes) -> {};

  private final Session session;
  private final SessionEnd end;
  private final AtomicReference<TreeCopy.Progress> progress = new AtomicReference<>(UNSEEN);

  /** Empty where the builder's directory is not copied. */
  private final Optional<Background<TreeCopy.Result>> copy;

  private volatile boolean closed;

  /**
   * Begins to copy, and returns at once.
   *
   * @param end of the session
   * @param kept what is copied to the session's build directory
   * @param owner the owner of the copies; empty for the caller
   * @param cancelled whether to stop the copy
   */
  Staging(
      SessionEnd end, Optional<Directory> kept, Optional<Owner> owner, BooleanSupplier cancelled) {
    this.session = end.session();
    this.end = end;
    TreeCopy how =
        new TreeCopy(
            owner,
            (files, bytes) -> progress.get().copied(files, bytes),
            () -> closed || cancelled.getAsBoolean(),
            WorkingCopy.REMEDY);
    this.copy =
        kept.map(
            directory ->
                new Background<>("copy", () -> new WorkingCopy(session, how).copyBuild(directory)));
  }

  Session session() {
    return session;
  }

  /**
   * Waits until the kept directory is copied.
   *
   * @param seen hears of the progress meanwhile
   * @throws Failure when the session cannot be written
   * @throws CancellationException when the copy was cancelled
   */
  TreeCopy.Result copied(TreeCopy.Progress seen) {
    progress.set(seen);
    try {
      return copy.orElseThrow().await();
    } finally {
      progress.set(UNSEEN);
    }
  }

  /** Returns the failure of the copy, where it has failed before the rest did, else the rest's. */
  Failure failureBefore(Failure later) {
    try {
      copy.ifPresent(Background::await);
      return later;
    } catch (CancellationException e) {
      return later;
    } catch (Failure e) {
      return e;
    }
  }

  /** Stops the copy, and ends the session, once. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      copy.ifPresent(Background::close);
      end.close();
    }
  }
}
