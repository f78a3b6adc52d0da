package nixbuildshell.sandbox;

import java.util.List;
import java.util.Locale;
import nixbuildshell.ByteString;
import nixbuildshell.files.EntryList;

/** Describes one file of the sandbox. Paths are absolute, as seen from inside. */
public sealed interface Entry {
  String path();

  /** Decides whether it is a part of what makes pseudoterminals. */
  default boolean isOfTerminals() {
    return path().equals("/dev/pts") || path().equals("/dev/ptmx");
  }

  /** Describes a directory of the root file system. */
  record Directory(String path, int mode) implements Entry {}

  /** Describes a directory of the build user that the root file system has from the start. */
  record Own(String path) implements Entry {}

  /** Describes a file of the root file system, with its content. */
  record TextFile(String path, int mode, String content) implements Entry {}

  /** Describes a symbolic link. */
  record Link(String path, String target) implements Entry {}

  /** Describes a bind mount of a directory, with the mounts below it. */
  record BindDirectory(String path, Source source) implements Entry {}

  /** Describes the same on a directory that is there already. */
  record BindOver(String path, Source source) implements Entry {}

  /**
   * Describes a bind mount of a file or device.
   *
   * @param readOnly whether the mount forbids writing, even to users who may write on the host
   */
  record BindFile(String path, Source source, boolean readOnly) implements Entry {}

  /**
   * Describes a new file system.
   *
   * @param options mount options as in tmpfs(5); empty for none
   */
  record NewFileSystem(String path, FileSystemType type, String options) implements Entry {}

  /** Lists the types of {@link NewFileSystem}. */
  enum FileSystemType {
    /** A file system in memory, of mode 01777. */
    TMPFS,

    /** Pseudoterminals, with a {@code ptmx} that every user may open. */
    DEVPTS,

    /** The processes of the sandbox's PID namespace. */
    PROC,

    /** The kernel's objects as the sandbox's network namespace has them. */
    SYSFS;

    /** Returns whether it belongs to its mounter, so that the build user must mount it. */
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
   * Describes the host's whole store below a writable layer of the session.
   *
   * @param lower the host's directory
   * @param upper the session's directory that takes the changes
   * @param work the session's directory that overlayfs works in
   */
  record Overlay(String path, String lower, String upper, String work) implements Entry {}

  /**
   * Describes store paths of the host that are mounted read-only in a directory of the session. The
   * directory takes the changes, as in Nix's sandbox.
   *
   * @param host the host's store
   * @param directory the session's directory. It has a directory or a file for each path; its other
   *     files are seen, too
   */
  record BoundStore(String path, String host, String directory, EntryList paths) implements Entry {}

  /**
   * Describes a path of the host that the caller or a setting of Nix names, with the mounts below
   * it.
   *
   * @param source its path on the host. Links in it are followed with the caller's rights
   * @param readOnly whether it is mounted read-only
   * @param above the directories to make for it
   * @param made whether to make a mount point. In another path of the host there is one already
   */
  record HostBind(
      ByteString target,
      ByteString source,
      boolean directory,
      boolean readOnly,
      List<ByteString> above,
      boolean made)
      implements Entry {
    @Override
    public String path() {
      return target.toString();
    }
  }

  /**
   * Describes a copy of a link of the host.
   *
   * @param destination the link's text; as seen from inside, it may lead nowhere
   * @param above the directories to make for it
   */
  record HostLink(ByteString target, ByteString destination, List<ByteString> above)
      implements Entry {
    @Override
    public String path() {
      return target.toString();
    }
  }

  /** Tells what a bind mount shows. */
  sealed interface Source {}

  /** Names a path of the host. Only paths that this project spells out may stand here. */
  record OnHost(String path) implements Source {}

  /** Names a directory of the session. */
  record InSession(String name) implements Source {}

  /**
   * Names a path as seen from inside the finished sandbox. Paths from a kept directory are of this
   * kind: a link in the store cannot lead them out to the host.
   */
  record Inside(ByteString path) implements Source {}
}
