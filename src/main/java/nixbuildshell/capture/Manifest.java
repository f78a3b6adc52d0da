package nixbuildshell.capture;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.store.StorePath;

/**
 * Holds what the setup hook wrote at the moment of failure, as far as the tool uses it. {@code
 * hooks/manifest.schema.json} documents the fields. Their form is checked, and that the paths of
 * store paths lie in the store; whether they are true cannot be known.
 *
 * @param id letters, digits and {@code +._-}, at most 80
 */
public record Manifest(
    Optional<String> id,
    Optional<String> name,
    Optional<ByteString> system,
    End end,
    Store store,
    Sandbox sandbox) {

  /** The path of the file in a kept directory. */
  static final String PATH = ".nix-build-shell/manifest.json";

  /**
   * Describes where and how the build failed.
   *
   * @param cwd the working directory, absolute, as seen from inside
   */
  public record End(
      Optional<ByteString> phase,
      Optional<Integer> exitCode,
      Optional<Command> command,
      Optional<ByteString> cwd) {}

  /**
   * Describes the command that failed.
   *
   * @param stack the functions that were running, the innermost first
   */
  public record Command(
      ByteString text, Optional<Integer> line, Optional<ByteString> file, List<Frame> stack) {
    public Command {
      stack = List.copyOf(stack);
    }
  }

  /** Describes a function that was running, and where it was called. */
  public record Frame(
      Optional<ByteString> function, Optional<Integer> line, Optional<ByteString> file) {}

  /**
   * Describes what the build used of the store.
   *
   * @param shell a path in the store, as far as its text goes
   * @param outputs by output name
   * @param paths all that the build saw, without repetition
   */
  public record Store(
      Optional<ByteString> shell, Map<String, StorePath> outputs, List<StorePath> paths) {
    public Store {
      outputs = Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
      paths = List.copyOf(paths);
    }
  }

  /**
   * Describes how the build was confined.
   *
   * @param used whether Nix built it in a sandbox
   * @param buildTop NIX_BUILD_TOP, absolute
   */
  public record Sandbox(
      Optional<Boolean> used,
      Optional<Boolean> fixedOutput,
      Optional<ByteString> buildTop,
      List<Mount> mounts) {
    public Sandbox {
      mounts = List.copyOf(mounts);
    }
  }

  /**
   * Describes a mount that the build saw.
   *
   * @param device {@code major:minor}
   * @param root the mounted part of that file system, from the file system's own root
   */
  public record Mount(
      Optional<ByteString> device, Optional<ByteString> root, Optional<ByteString> mountPoint) {}

  /** Says that the manifest is of a schema that this version does not know. */
  public static final class Newer extends Exception {
    private static final long serialVersionUID = 1;

    /**
     * @param schemaVersion digits and points
     */
    Newer(String schemaVersion) {
      super("its schemaVersion is " + schemaVersion + ", and this nix-build-shell reads 1");
    }
  }
}
