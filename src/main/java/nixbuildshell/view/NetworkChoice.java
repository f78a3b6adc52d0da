package nixbuildshell.view;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.capture.Fact;
import nixbuildshell.capture.FailedBuild;
import nixbuildshell.capture.HostNetwork;
import nixbuildshell.console.Messages;
import nixbuildshell.nix.Caller;
import nixbuildshell.sandbox.Generation;
import nixbuildshell.sandbox.HostFile;
import nixbuildshell.sandbox.Network;
import nixbuildshell.sandbox.NetworkView;

/**
 * Decides which network the sandbox sees: the host's when the build had it or the caller asks for
 * it. Unless the caller asks, a message tells of it.
 *
 * @param asked what {@code --network} says
 */
public record NetworkChoice(Optional<Network> asked, Caller caller, Messages messages) {
  /** The files that Nix looks for when its setting says nothing (globals.cc). */
  private static final List<String> CERTIFICATES =
      List.of(HostFile.CERTIFICATES, "/nix/var/nix/profiles/default/etc/ssl/certs/ca-bundle.crt");

  /** Decides for a new copy of a kept directory. */
  public NetworkView of(FailedBuild build, Generation generation) {
    if (asked.isPresent()) {
      return view(asked.get(), generation);
    }
    HostNetwork network = build.sandbox().network();
    boolean had = network.had().map(Fact::value).orElse(false);
    if (had) {
      messages.note("the network is the host's, as the build had it; --network none closes it");
    }
    network
        .doubt()
        .map(why -> "the build seems to have had the host's network, but " + why)
        .map(doubt -> doubt + ": no network; --network host opens the host's")
        .ifPresent(messages::note);
    return view(had ? Network.HOST : Network.LOOPBACK, generation);
  }

  /**
   * Decides for a session once more.
   *
   * @param before the network that the session had
   */
  public NetworkView again(Network before, Generation generation) {
    if (asked.isEmpty() && before == Network.HOST) {
      messages.note("the network is the host's, as before; --network none closes it");
    }
    return view(asked.orElse(before), generation);
  }

  private NetworkView view(Network network, Generation generation) {
    return network == Network.HOST
        ? new NetworkView(network, files(generation))
        : NetworkView.LOOPBACK;
  }

  private List<HostFile> files(Generation generation) {
    List<HostFile> files = new ArrayList<>(HostFile.OF_THE_NETWORK);
    if (generation != Generation.FLAT) {
      certificates().ifPresent(path -> files.add(new HostFile(HostFile.CERTIFICATES, path)));
    }
    files.removeIf(file -> !isFile(file.source()));
    return files;
  }

  /** Returns the daemon's file, as far as nix.conf says; its environment cannot be known. */
  private Optional<String> certificates() {
    return caller
        .daemonSettings()
        .get("ssl-cert-file")
        .map(ByteString::toString)
        .or(() -> CERTIFICATES.stream().filter(NetworkChoice::isFile).findFirst());
  }

  private static boolean isFile(String path) {
    return Files.isRegularFile(Path.of(path));
  }
}
