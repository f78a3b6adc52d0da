package nixbuildshell.capture;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;
import nixbuildshell.store.Derivation;

/**
 * What a derivation with the network gets of the caller's environment. Whoever wrote it may name
 * any variable in {@code impureEnvVars}, one with a password too, so that without the person's word
 * for the derivation only those pass that fetchers need.
 *
 * @param caller his environment
 */
record ImpureVariables(Function<ByteString, Optional<ByteString>> caller) {
  /** {@code lib.fetchers.proxyImpureEnvVars} of nixpkgs. */
  private static final Set<ByteString> OF_FETCHERS =
      List.of(
              "http_proxy",
              "https_proxy",
              "ftp_proxy",
              "all_proxy",
              "no_proxy",
              "HTTP_PROXY",
              "HTTPS_PROXY",
              "FTP_PROXY",
              "ALL_PROXY",
              "NO_PROXY",
              "NIX_SSL_CERT_FILE")
          .stream()
          .map(ByteString::of)
          .collect(Collectors.toUnmodifiableSet());

  private static final int MOST_NAMES = 10;
  private static final int LONGEST_NAME = 60;

  /** Those for a derivation that the person has not named. */
  Optional<ByteString> ofFetchers(ByteString name) {
    return OF_FETCHERS.contains(name) ? caller.apply(name) : Optional.empty();
  }

  /**
   * Names, without their values, what the caller has set and the builder does not get.
   *
   * @param host with what it does get
   * @return empty when there is no such variable
   */
  Optional<Note> withheld(Derivation derivation, BuilderEnvironment.Outside host) {
    Map<ByteString, ByteString> wanted =
        BuilderEnvironment.impure(derivation, new BuilderEnvironment.Outside(host.cores(), caller));
    wanted.keySet().removeAll(BuilderEnvironment.impure(derivation, host).keySet());
    if (wanted.isEmpty()) {
      return Optional.empty();
    }
    String names =
        wanted.keySet().stream()
            .limit(MOST_NAMES)
            .map(name -> name.abridged(LONGEST_NAME))
            .collect(Collectors.joining(", "));
    String more =
        wanted.size() > MOST_NAMES ? " and " + (wanted.size() - MOST_NAMES) + " more" : "";
    return Optional.of(
        Note.warning(
            "of your environment, the derivation asks for "
                + names
                + more
                + ", which it does not get; --drv FILE lets them through"));
  }
}
