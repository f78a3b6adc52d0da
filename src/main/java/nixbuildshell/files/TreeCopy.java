package nixbuildshell.files;

import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import nixbuildshell.ByteString;

/**
 * Copies trees of files from an untrusted directory.
 *
 * <p>Kept are links (never followed), hard links within the tree, modes without set-id bits, times
 * in nanoseconds and holes; FIFOs are made anew. What cannot be read, sockets and devices are
 * listed and left out. The source is not written to, nor its times of access where that can be
 * avoided.
 *
 * <p>With an owner, a file that everybody may read is copied, and else only one of his: in {@link
 * #contents}, of the directory's owner; in {@link #entry}, of the new one.
 *
 * @param owner to whom the copies are given; empty for the caller himself
 * @param progress is told about every file and about every 16 MiB
 * @param cancelled is asked as often; when it says yes, the copy ends with a {@link
 *     java.util.concurrent.CancellationException}
 * @param remedy what to try when the target cannot be written; may be empty
 */
public record TreeCopy(
    Optional<Owner> owner, Progress progress, BooleanSupplier cancelled, String remedy) {

  /** Hears how far the copy is. */
  public interface Progress {
    /** So much has been copied in all; bytes count holes too. */
    void copied(long files, long bytes);
  }

  /**
   * Something that was not copied, or not whole.
   *
   * @param path relative to the tree
   * @param why errno's name and meaning, or a phrase ("a socket")
   */
  public record Missed(ByteString path, String why) {}

  /**
   * What a copy came to.
   *
   * @param missed the first thousand of them
   * @param missedInAll how many there are in truth
   */
  public record Result(long files, long bytes, List<Missed> missed, long missedInAll) {}

  /** A copy for the caller himself that tells nothing and cannot be stopped. */
  public static TreeCopy plain() {
    return new TreeCopy(Optional.empty(), (files, bytes) -> {}, () -> false, "");
  }

  /**
   * Copies all that is in a directory into another one, and its times; the target keeps its mode
   * and owner.
   *
   * @throws nixbuildshell.Failure when the target cannot be written (full, say); what was copied so
   *     far is the caller's to remove
   */
  public Result contents(Directory source, Directory target) {
    try (CopyRun run = new CopyRun(this, ofOwnerOf(source), source, target)) {
      return run.contents();
    } catch (ErrnoException e) {
      throw e.failure("cannot copy " + source.place(), "");
    }
  }

  private Readers ofOwnerOf(Directory source) throws ErrnoException {
    return ofOwnerOf(source.self().status());
  }

  /** What is root's is not everybody's to see; what is missing, the copy itself will say. */
  private Readers ofOwnerOf(Directory source, ByteString name) {
    try {
      Status status = source.status(name);
      return status.uid() == 0 ? new Readers(owner) : ofOwnerOf(status);
    } catch (ErrnoException e) {
      return new Readers(owner);
    }
  }

  private Readers ofOwnerOf(Status status) {
    if (owner.isEmpty()) {
      return new Readers(owner);
    }
    boolean his = owner.get().has(status.uid());
    return new Readers(his ? owner : Optional.of(new Owner(status.uid(), status.gid())));
  }

  /**
   * Copies one file, link or directory, which must not be in the target yet.
   *
   * @throws nixbuildshell.Failure as above
   */
  public Result entry(Directory source, ByteString name, Directory target) {
    try (CopyRun run = new CopyRun(this, ofOwnerOf(source, name), source, target)) {
      return run.entry(name);
    } catch (ErrnoException e) {
      throw e.failure("cannot copy " + source.place().child(name), "");
    }
  }
}
