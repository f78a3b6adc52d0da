package nixbuildshell.sandbox;

import java.util.List;
import java.util.Locale;
import nixbuildshell.ByteString;
import nixbuildshell.store.StorePath;

/** One thing in the sandbox's file system. Paths are absolute and as seen from inside. */
public sealed interface Entry {
  String path();

  /** A directory of the root file system. */
  record Directory(String path, int mode) implements Entry {}

  /** A directory of the builder's own that the root file system has from the beginning. */
  record Own(String path) implements Entry {}

  /** A file of the root file system, with its content. */
  record TextFile(String path, int mode, String content) implements Entry {}

  /** A symbolic link. */
  record Link(String path, String target) implements Entry {}

  /** A bind mount of a directory, with the mounts below it. */
  record BindDirectory(String path, Source source) implements Entry {}

  /**
   * A bind mount of one of the sandbox's own directories on another that is there already.
   *
   * @param of its path, as seen from inside
   */
  record Again(String path, String of) implements Entry {}

  /**
   * A bind mount of a file or device.
   *
   * @param readOnly whether nobody can write to it inside, whoever may do so on the host
   */
  record BindFile(String path, Source source, boolean readOnly) implements Entry {}

  /**
   * Holds a new file system.
   *
   * @param options mount options as in tmpfs(5); empty for none
   */
  record NewFileSystem(String path, FileSystemType type, String options) implements Entry {}

  /** Lists the kinds of {@link NewFileSystem}. */
  enum FileSystemType {
    /** In memory, of mode 01777. */
    TMPFS,

    /** Pseudoterminals, with a {@code ptmx} for everybody. */
    DEVPTS,

    /** The processes of the sandbox's PID namespace. */
    PROC,

    /** The kernel's objects as the sandbox's network namespace has them. */
    SYSFS;

    /** Returns whether it takes the ids of its mounter, who must be the build user then. */
    public boolean isOfItsMounter() {
      return this == PROC || this == SYSFS;
    }

    /** Returns the kernel's name. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * The whole store of the host with a writable layer of the session over it.
   *
   * @param lower the host's directory
   * @param upper the session's directory that takes the changes
   * @param work the session's directory that overlayfs works in
   */
  record Overlay(String path, String lower, String upper, String work) implements Entry {}

  /**
   * Some store paths of the host, each mounted read-only on its name in a directory of the session
   * that takes the changes.
   *
   * @param host the host's store
   * @param directory the session's directory, with a directory or a file for each path; what else
   *     is in it is seen too
   */
  record BoundStore(String path, String host, String directory, List<StorePath> paths)
      implements Entry {}

  /**
   * The same with the mount points in memory, as the lower layer of an overlay: making and removing
   * a thousand directories on disk can take a second, and mounting them does not.
   *
   * @param host the host's store
   * @param lower the session's directory where the mount points' file system is mounted
   * @param upper the session's directory that takes the changes
   * @param work the session's directory that overlayfs works in
   */
  record LayeredStore(
      String path,
      String host,
      String lower,
      String upper,
      String work,
      List<StoreView.Member> members)
      implements Entry {}

  /**
   * A path of the host that the caller or Nix's configuration names, with the mounts below it.
   *
   * @param source links in it are followed, by the rights of who runs the tool
   * @param above directories that have to be made for it
   * @param made whether it needs a mount point; in another path of the host there must be one
   */
  record HostBind(
      ByteString target, ByteString source, boolean directory, List<ByteString> above, boolean made)
      implements Entry {
    @Override
    public String path() {
      return target.toString();
    }
  }

  /**
   * A copy of a link of the host.
   *
   * @param destination leads to something inside, or nowhere
   * @param above directories that have to be made for it
   */
  record HostLink(ByteString target, ByteString destination, List<ByteString> above)
      implements Entry {
    @Override
    public String path() {
      return target.toString();
    }
  }

  /** Where a bind mount comes from. */
  sealed interface Source {}

  /** A path of the host. Only names that this project spells out itself may stand here. */
  record OnHost(String path) implements Source {}

  /** A name in the session's directory. */
  record InSession(String name) implements Source {}

  /**
   * A path as seen from inside the finished sandbox. For names that come from a kept directory: a
   * link in the store cannot lead such a path out to the host.
   */
  record Inside(ByteString path) implements Source {}
}
