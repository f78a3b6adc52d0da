package nixbuildshell.cli;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import nixbuildshell.ByteString;
import nixbuildshell.sandbox.Circumstances;
import nixbuildshell.sandbox.Generation;
import nixbuildshell.sandbox.Network;
import nixbuildshell.session.About;

/** What a session keeps of its sandbox's circumstances, for when somebody comes back to it. */
final class Remembered {
  private static final String NETWORK = "network";
  private static final String GENERATION = "generation";

  private Remembered() {}

  static Map<String, ByteString> of(Circumstances build) {
    return Map.of(NETWORK, name(build.network()), GENERATION, name(build.generation()));
  }

  /** The same sandbox as before. What an older version did not write down is as it was then. */
  static Circumstances again(Circumstances base, About about) {
    return base.withNetwork(
            value(about, NETWORK).map(value(Network::valueOf)).orElse(Network.LOOPBACK), List.of())
        .withGeneration(
            value(about, GENERATION).map(value(Generation::valueOf)).orElse(Generation.FLAT));
  }

  private static ByteString name(Enum<?> constant) {
    return ByteString.of(constant.name().toLowerCase(Locale.ROOT));
  }

  private static Optional<ByteString> value(About about, String key) {
    return Optional.ofNullable(about.sandbox().get(key));
  }

  private static <T> Function<ByteString, T> value(Function<String, T> constant) {
    return text -> constant.apply(text.latin1().toUpperCase(Locale.ROOT));
  }
}
