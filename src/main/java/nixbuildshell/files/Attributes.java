package nixbuildshell.files;

import java.util.Optional;
import nixbuildshell.ByteString;

/**
 * Gives a copy the owner, mode and times that it shall have, in this order: a change of owner may
 * clear mode bits, and both change times.
 *
 * @param owner empty for the caller himself
 */
record Attributes(Optional<Owner> owner) {
  /** Set-id bits would make a stranger's file run as the one who copied it. */
  private static final int KEPT_MODE = 01777;

  void set(Descriptor made, Status like) throws ErrnoException {
    if (owner.isPresent()) {
      made.setOwner(owner.get().userOf(like), owner.get().groupOf(like));
    }
    made.setMode(like.mode() & KEPT_MODE);
    made.setTimes(like);
  }

  /** An empty one. */
  void makeDirectory(Directory in, ByteString name, Status like) throws ErrnoException {
    in.makeDirectory(name, 0700);
    try (Directory made = in.openDirectory(name)) {
      set(made.self(), like);
    }
  }

  /** For what is not or cannot be opened. */
  void set(Directory in, ByteString name, Status like) throws ErrnoException {
    if (owner.isPresent()) {
      in.setOwner(name, owner.get().userOf(like), owner.get().groupOf(like));
    }
    if (like.type() != FileType.LINK) {
      in.setMode(name, like.mode() & KEPT_MODE);
    }
    in.setTimes(name, like);
  }
}
