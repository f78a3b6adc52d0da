package nixbuildshell.launch;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.regex.Pattern;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.files.Descriptor;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.FileType;
import nixbuildshell.files.Listing;

/**
 * Makes a control group (cgroups(7), version 2) for a sandbox, below the caller's. The build user
 * owns it and the two files that move processes, as in Nix's {@code local-derivation-goal.cc}. When
 * the tool is killed, an empty control group stays.
 */
public final class Cgroup implements AutoCloseable {
  private static final String WHAT = "cannot make a control group for the sandbox";
  private static final ByteString PROCESSES = ByteString.of("cgroup.procs");

  private final Directory parent;
  private final ByteString name;

  private Cgroup(Directory parent, ByteString name) {
    this.parent = parent;
    this.name = name;
  }

  /**
   * Makes a control group.
   *
   * @throws Failure when this host has no cgroup2 file system, or it is not writable
   */
  public static Cgroup make(FileSystem files, long uid, long gid) {
    String self = ProcessHandle.current().pid() + "-" + Long.toHexString(System.nanoTime());
    ByteString name = ByteString.of("nix-build-shell-" + self);
    try {
      Cgroup made = new Cgroup(files.openDirectory(own()), name);
      try {
        made.parent.makeDirectory(name, 0755);
        made.giveTo(uid, gid);
        return made;
      } catch (ErrnoException e) {
        made.close();
        throw e;
      }
    } catch (ErrnoException e) {
      throw e.failure(WHAT, "");
    }
  }

  private void giveTo(long uid, long gid) throws ErrnoException {
    try (Directory directory = parent.openDirectory(name)) {
      directory.self().setMode(0755);
      directory.self().setOwner(uid, gid);
      directory.setOwner(PROCESSES, uid, gid);
      directory.setOwner(ByteString.of("cgroup.threads"), uid, gid);
    }
  }

  /** Returns the directory of the caller's group, where the first cgroup2 is mounted. */
  private static ByteString own() {
    String mount =
        find("(?md)^[^ ]+ ([^ ]+) cgroup2 ", "/proc/self/mounts")
            .orElseThrow(
                () ->
                    new Failure(
                        WHAT,
                        "no file system of type cgroup2 is mounted",
                        "mount one, as Nix needs"));
    return new ByteString(mount + find("(?md)^0::(.*)$", "/proc/self/cgroup").orElse("/"));
  }

  private static Optional<String> find(String pattern, String file) {
    try {
      String text = Files.readString(Path.of(file), StandardCharsets.ISO_8859_1);
      return Pattern.compile(pattern).matcher(text).results().map(m -> m.group(1)).findFirst();
    } catch (IOException e) {
      throw new Failure(WHAT, "cannot read " + file, "");
    }
  }

  /** Moves a process into the group. */
  void take(long pid) {
    try (Directory directory = parent.openDirectory(name);
        Descriptor file = directory.openFileToWrite(PROCESSES)) {
      file.write(ByteString.of(Long.toString(pid)).bytes());
    } catch (ErrnoException e) {
      throw e.failure("cannot move the sandbox into " + name, "");
    }
  }

  /**
   * Removes the group and all groups below it. None has a process any more when the sandbox has
   * ended. A group that the kernel does not remove stays.
   */
  @Override
  public void close() {
    try {
      removeBelow();
      parent.removeDirectory(name);
    } catch (ErrnoException e) {
      // An empty group uses no resources.
    } finally {
      parent.close();
    }
  }

  /** Removes the groups below: a cgroup2 has no other directories. */
  private void removeBelow() throws ErrnoException {
    Deque<ByteString> way = new ArrayDeque<>();
    Directory current = parent.openDirectory(name);
    try {
      for (Optional<ByteString> child = group(current);
          child.isPresent() || !way.isEmpty();
          child = group(current)) {
        Directory last = current;
        current = child.isPresent() ? last.openDirectory(child.get()) : last.openParent();
        last.close();
        if (child.isPresent()) {
          way.push(child.get());
        } else {
          current.removeDirectory(way.pop());
        }
      }
    } finally {
      current.close();
    }
  }

  private static Optional<ByteString> group(Directory in) throws ErrnoException {
    Listing listing = new Listing();
    for (Optional<Listing.Entry> entry = listing.next(in);
        entry.isPresent();
        entry = listing.next(in)) {
      if (entry.get().type() == FileType.DIRECTORY) {
        return entry.map(Listing.Entry::name);
      }
    }
    return Optional.empty();
  }
}
