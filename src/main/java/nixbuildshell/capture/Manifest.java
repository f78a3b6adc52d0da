package nixbuildshell.capture;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.Malformed;
import nixbuildshell.store.Evidence;
import nixbuildshell.store.StorePath;

/**
 * What the setup hook wrote down at the moment of failure, as far as it is used. The fields are
 * documented in {@code hooks/manifest.schema.json}. Their form is checked, and that paths that
 * belong in the store are there; whether they are true is nobody's to know.
 *
 * @param id letters, digits and {@code +._-}, at most 80
 * @param cwd the working directory of the failure, as seen from inside
 * @param shell in the store, as far as its text goes
 * @param outputs by output name
 * @param storePaths without repetition
 */
public record Manifest(
    Optional<String> id,
    Optional<String> name,
    Optional<ByteString> system,
    Optional<ByteString> phase,
    Optional<Integer> exitCode,
    Optional<Command> command,
    Optional<ByteString> cwd,
    Optional<ByteString> shell,
    Optional<ByteString> stdenv,
    Optional<ByteString> buildTop,
    Map<String, StorePath> outputs,
    List<StorePath> storePaths,
    List<Mount> mounts,
    Optional<Boolean> structuredAttrs,
    Optional<Boolean> fixedOutput,
    Optional<Boolean> sandboxed) {

  /** Where it lies in a kept directory. */
  static final String PATH = ".nix-build-shell/manifest.json";

  private static final long LARGEST_OF_MANY = 4 << 20;

  /**
   * The command that failed.
   *
   * @param stack the innermost function first
   */
  public record Command(
      ByteString text, Optional<Integer> line, Optional<ByteString> file, List<Frame> stack) {
    public Command {
      stack = List.copyOf(stack);
    }
  }

  /** A call on the stack of functions. */
  public record Frame(
      Optional<ByteString> function, Optional<Integer> line, Optional<ByteString> file) {}

  /**
   * A mount that the build saw.
   *
   * @param device {@code major:minor}
   * @param root what of that file system is mounted, from that file system's own root
   */
  public record Mount(
      Optional<ByteString> device,
      Optional<ByteString> root,
      Optional<ByteString> mountPoint,
      Optional<ByteString> type) {}

  /** The manifest is of a schema that this version does not know. */
  public static final class Newer extends Exception {
    private static final long serialVersionUID = 1;

    /**
     * @param schemaVersion digits and points
     */
    Newer(String schemaVersion) {
      super("its schemaVersion is " + schemaVersion + ", and this nix-build-shell reads 1");
    }
  }

  /**
   * The ID in a kept directory's manifest; empty when that has none, cannot be used, or is large
   * beyond what a manifest can be that is one of many.
   */
  public static Optional<String> idIn(Evidence kept) {
    if (kept.read(PATH, LARGEST_OF_MANY) instanceof Evidence.Content content) {
      try {
        return ManifestReader.read(content.bytes()).id();
      } catch (Malformed | Newer e) {
        return Optional.empty();
      }
    }
    return Optional.empty();
  }

  public Manifest {
    outputs = Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
    storePaths = List.copyOf(storePaths);
    mounts = List.copyOf(mounts);
  }
}
