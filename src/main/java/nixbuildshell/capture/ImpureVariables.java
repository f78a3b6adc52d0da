package nixbuildshell.capture;

import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;
import nixbuildshell.store.Derivation;

/**
 * Decides which variables of the caller's environment a derivation with the network gets: those
 * that it asks for in {@code impureEnvVars} when the caller has named it with {@code --drv}, else
 * none. An attacker may have written the derivation, and even a proxy variable may hold a password.
 *
 * @param caller returns a variable of the caller's environment
 * @param named whether the caller has named the derivation
 */
record ImpureVariables(Function<ByteString, Optional<ByteString>> caller, boolean named) {
  private static final int MOST_NAMES = 10;
  private static final int LONGEST_NAME = 60;

  /** Returns a variable as the builder gets it. */
  Optional<ByteString> get(ByteString name) {
    return named ? caller.apply(name) : Optional.empty();
  }

  /**
   * Names the variables that the derivation asks for and the caller has set, without their values:
   * the builder gets all of them or none.
   *
   * @param outside has what the builder gets besides
   * @return empty when there is no such variable
   */
  Optional<Note> told(Derivation derivation, BuilderEnvironment.Outside outside) {
    Map<ByteString, ByteString> wanted =
        BuilderEnvironment.impure(
            derivation,
            new BuilderEnvironment.Outside(
                outside.cores(), caller, outside.ofLix(), outside.directory()));
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
            named
                ? "passed from your environment, as the derivation asks: " + names + more
                : "withheld from your environment, though the derivation asks: "
                    + names
                    + more
                    + "; nothing is passed, since you did not name the derivation (--drv FILE)"));
  }
}
