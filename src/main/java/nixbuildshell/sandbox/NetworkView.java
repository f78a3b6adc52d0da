package nixbuildshell.sandbox;

import java.util.List;

/**
 * Describes the network that is seen from inside.
 *
 * @param files the host's existing files that come with its network
 */
public record NetworkView(Network network, List<HostFile> files) {
  /** Shows the sandbox's own loopback interface alone. */
  public static final NetworkView LOOPBACK = new NetworkView(Network.LOOPBACK, List.of());

  public NetworkView {
    files = List.copyOf(files);
  }
}
