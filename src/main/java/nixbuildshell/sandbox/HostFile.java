package nixbuildshell.sandbox;

import java.util.List;

/**
 * A file of the host that is seen, read-only, inside. Nix shows these to what has the host's
 * network ({@code LocalDerivationGoal::runChild} in local-derivation-goal.cc).
 *
 * @param path as seen from inside
 * @param source on the host; links are followed
 */
public record HostFile(String path, String source) {
  /** Since Nix 2.16: the certificates of its setting {@code ssl-cert-file}. */
  public static final String CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";

  /** Those that every version shows, where they are there. */
  public static final List<HostFile> OF_THE_NETWORK =
      List.of(same("/etc/hosts"), same("/etc/resolv.conf"), same("/etc/services"));

  private static HostFile same(String path) {
    return new HostFile(path, path);
  }
}
