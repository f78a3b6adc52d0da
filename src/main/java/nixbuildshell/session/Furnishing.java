package nixbuildshell.session;

import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.Owner;
import nixbuildshell.files.TreeRemoval;

/** The directories in a {@link Session} that a sandbox is made of, and whose they are. */
public record Furnishing(Directory directory) {

  /** Makes those of every session; with an owner, root does it for him. */
  void all(Optional<Owner> owner) throws ErrnoException {
    make("build", 0700, owner);
    make("tmp", 01777, Optional.empty());
    make("store", 0755, Optional.empty());
    make("store/upper", 01775, owner.map(o -> new Owner(0, o.gid())));
    make("store/work", 0700, owner);
    make(ShownStore.VIEW, 01775, owner.map(o -> new Owner(0, o.gid())));
    make("root", 0755, Optional.empty());
  }

  /**
   * Makes a directory below the sandbox's {@code /tmp}, for something to be mounted on. For a new
   * session only: later the names in there are whose who worked in it.
   *
   * @param names the outermost first
   */
  public void makeInTmp(List<ByteString> names, Optional<Owner> owner) {
    StringBuilder path = new StringBuilder("tmp");
    try {
      for (ByteString name : names) {
        path.append('/').append(name.latin1());
        make(path.toString(), 0755, owner);
      }
    } catch (ErrnoException e) {
      throw e.failure("cannot write in " + directory.place(), Sessions.REMEDY);
    }
  }

  /**
   * Gives the session an empty directory for the sandbox's root. For root alone, whose skeleton is
   * on disk: what an earlier run placed there must go. The root of a range of users gets the root
   * directory and {@code /etc} for his own, as from Nix.
   */
  public void renewRoot(Owner builder) {
    ByteString root = ByteString.of("root");
    TreeRemoval.remove(directory, root)
        .ifPresent(
            left -> {
              throw new Failure("cannot delete " + left.path(), left.why(), "");
            });
    try {
      if (builder.isRange()) {
        make("root", 0755, Optional.of(builder));
        make("root/etc", 0755, Optional.of(builder));
      } else {
        make("root", 0750, Optional.of(new Owner(0, builder.gid())));
      }
    } catch (ErrnoException e) {
      throw e.failure("cannot write in " + directory.place(), Sessions.REMEDY);
    }
  }

  private void make(String path, int mode, Optional<Owner> owner) throws ErrnoException {
    ByteString name = ByteString.of(path);
    directory.makeDirectory(name, 0700);
    try (Directory made = directory.openDirectory(name)) {
      if (owner.isPresent()) {
        made.self().setOwner(owner.get().uid(), owner.get().gid());
      }
      made.self().setMode(mode);
    }
  }
}
