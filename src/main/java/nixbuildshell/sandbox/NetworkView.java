package nixbuildshell.sandbox;

import java.util.List;

/**
 * Describes what of the network is seen from inside.
 *
 * @param files of the host that come with its network, where the host has them
 */
public record NetworkView(Network network, List<HostFile> files) {
  /** Shows the sandbox's own loopback interface alone. */
  public static final NetworkView LOOPBACK = new NetworkView(Network.LOOPBACK, List.of());

  public NetworkView {
    files = List.copyOf(files);
  }
}
