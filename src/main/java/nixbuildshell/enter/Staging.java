package nixbuildshell.enter;

import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import nixbuildshell.Failure;
import nixbuildshell.files.Directory;
import nixbuildshell.files.Owner;
import nixbuildshell.files.TreeCopy;
import nixbuildshell.nix.Background;
import nixbuildshell.session.Session;
import nixbuildshell.session.WorkingCopy;

/**
 * Makes and fills a new session beside what the tool does meanwhile: asks Nix, and runs stdenv's
 * setup. The session ends with it.
 */
final class Staging implements AutoCloseable {
  private static final TreeCopy.Progress UNSEEN = (files, bytes) -> {};

  private final CompletableFuture<SessionEnd> made = new CompletableFuture<>();
  private final AtomicReference<TreeCopy.Progress> progress = new AtomicReference<>(UNSEEN);

  /** Makes the session and copies; its result is empty where nothing is copied. */
  private final Background<Optional<TreeCopy.Result>> work;

  private volatile boolean closed;

  /**
   * Begins to make the session and to copy, and returns at once.
   *
   * @param session makes it, and says how it ends
   * @param kept what is copied to the session's build directory
   * @param owner the owner of the copies; empty for the caller
   * @param cancelled whether to stop the copy
   */
  Staging(
      Supplier<SessionEnd> session,
      Optional<Directory> kept,
      Optional<Owner> owner,
      BooleanSupplier cancelled) {
    TreeCopy how =
        new TreeCopy(
            owner,
            (files, bytes) -> progress.get().copied(files, bytes),
            () -> closed || cancelled.getAsBoolean(),
            WorkingCopy.REMEDY);
    this.work =
        new Background<>(
            "copy",
            () -> {
              make(session);
              return kept.map(directory -> new WorkingCopy(session(), how).copyBuild(directory));
            });
  }

  private void make(Supplier<SessionEnd> session) {
    try {
      made.complete(session.get());
    } catch (RuntimeException | Error e) {
      made.completeExceptionally(e);
      throw e;
    }
  }

  /**
   * Returns the session, and waits for it.
   *
   * @throws Failure when it cannot be made
   */
  Session session() {
    try {
      return made.join().session();
    } catch (CompletionException e) {
      throw e.getCause() instanceof Failure failure ? failure : e;
    }
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
      return work.await().orElseThrow();
    } finally {
      progress.set(UNSEEN);
    }
  }

  /** Returns the failure of the copy, where it has failed before the rest did, else the rest's. */
  Failure failureBefore(Failure later) {
    try {
      work.await();
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
      Optional<SessionEnd> end = made.handle((it, failure) -> Optional.ofNullable(it)).join();
      work.close();
      end.ifPresent(SessionEnd::close);
    }
  }
}
