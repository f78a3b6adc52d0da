package nixbuildshell.files;

import java.util.Optional;

/**
 * Whose files a copy may show. Root can read everything, and what he copies for a build user the
 * sandbox shows: so it is only what that user could have read himself. Links and FIFOs have nothing
 * that a mode protects.
 *
 * @param owner whose files are shown whatever their mode; empty when the caller copies for himself,
 *     and the kernel decides
 */
record Readers(Optional<Owner> owner) {
  /** Others may read, of a directory list and search. */
  private static final int FILE = 04;

  private static final int DIRECTORY = 05;

  boolean mayRead(Status status) {
    int needed = status.type() == FileType.DIRECTORY ? DIRECTORY : FILE;
    return owner.isEmpty() || owner.get().has(status.uid()) || (status.mode() & needed) == needed;
  }

  /** Why not, for the list of what was not copied. */
  String why(Status status) {
    return "it belongs to user " + status.uid() + ", who does not let everybody read it";
  }
}
