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
 * Decides which variables of the caller's environment a derivation with the network gets. An
 * attacker may have written the derivation and name a variable with a password in {@code
 * impureEnvVars}. So only what fetchers need passes, unless {@code --drv} names the derivation.
 *
 * @param caller returns a variable of the caller's environment
 */
record ImpureVariables(Function<ByteString, Optional<ByteString>> caller) {
  /** Lists {@code lib.fetchers.proxyImpureEnvVars} of nixpkgs. */
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

  /** Returns a variable for a derivation that the caller has not named. */
  Optional<ByteString> ofFetchers(ByteString name) {
    return OF_FETCHERS.contains(name) ? caller.apply(name) : Optional.empty();
  }

  /**
   * Names the variables that the caller has set and the builder does not get, without their values.
   *
   * @param outside has what the builder gets
   * @return empty when there is no such variable
   */
  Optional<Note> withheld(Derivation derivation, BuilderEnvironment.Outside outside) {
    Map<ByteString, ByteString> wanted =
        BuilderEnvironment.impure(
            derivation,
            new BuilderEnvironment.Outside(
                outside.cores(), caller, outside.ofLix(), outside.directory()));
    wanted.keySet().removeAll(BuilderEnvironment.impure(derivation, outside).keySet());
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
            "the derivation asks for variables of your environment and does not get them: "
                + names
                + more
                + "; --drv FILE lets them through"));
  }
}
