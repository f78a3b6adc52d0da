package nixbuildshell.plan;

import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;

/**
 * Tells what the program gets as descriptors 0, 1 and 2. Nothing of it leads to a file or a
 * terminal of the caller's.
 *
 * @param streams one stream for each of the three, in order
 * @param terminal the pseudoterminal to make; empty when no stream is on it
 */
public record StandardStreams(List<Stream> streams, Optional<Pseudoterminal> terminal) {
  public StandardStreams {
    streams = List.copyOf(streams);
  }

  /** Tells what one descriptor is. */
  public sealed interface Stream {}

  /** Is the caller's own: an unnamed pipe or a socket. */
  public record Inherited() implements Stream {}

  /** Is the sandbox's own {@code /dev/null}, open for reading and writing as in Nix. */
  public record NullDevice() implements Stream {}

  /**
   * Is an end of a pipe whose other end the tool has.
   *
   * @param number the descriptor that the child inherits, above 2
   */
  public record PipeEnd(int number) implements Stream {}

  /** Is the pseudoterminal. */
  public record OnTerminal() implements Stream {}

  /**
   * Describes the pseudoterminal and the socket pair on which the child sends it.
   *
   * @param childsEnd the descriptor on which the child sends
   * @param toolsEnd the descriptor where the tool receives; the child's copy is given up
   * @param size a {@code struct winsize} (ioctl_tty(2)), 8 bytes
   * @param modes the kernel's {@code struct termios}, 36 bytes
   * @param controlling whether it is the controlling terminal of the program's session. Output
   *     alone is on none, as in Nix
   */
  public record Pseudoterminal(
      int childsEnd, int toolsEnd, ByteString size, ByteString modes, boolean controlling) {}
}
