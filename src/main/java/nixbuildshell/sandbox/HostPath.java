package nixbuildshell.sandbox;

import java.util.Optional;
import nixbuildshell.ByteString;

/**
 * A path of the host that is to be seen in the sandbox, and that is there.
 *
 * @param target as seen from inside
 * @param source on the host; links in it are followed
 * @param directory whether it leads to one
 * @param link what the source says when it is a link that is seen as one, as newer Nix has it
 */
public record HostPath(
    ByteString target, ByteString source, boolean directory, Optional<ByteString> link) {

  /** One that is mounted. */
  public HostPath(ByteString target, ByteString source, boolean directory) {
    this(target, source, directory, Optional.empty());
  }
}
