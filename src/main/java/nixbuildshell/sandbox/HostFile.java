package nixbuildshell.sandbox;

import java.util.List;

/**
 * Describes a file of the host that is seen inside, read-only. Nix shows such files to a build that
 * has the host's network ({@code LocalDerivationGoal::runChild} in local-derivation-goal.cc).
 *
 * @param path its path, as seen from inside
 * @param source its path on the host; links are followed
 */
public record HostFile(String path, String source) {
  /** The path of the certificates ({@code ssl-cert-file}), which Nix shows since 2.16. */
  public static final String CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";

  /** The files that every version of Nix shows, if the host has them. */
  public static final List<HostFile> OF_THE_NETWORK =
      List.of(same("/etc/hosts"), same("/etc/resolv.conf"), same("/etc/services"));

  private static HostFile same(String path) {
    return new HostFile(path, path);
  }
}
