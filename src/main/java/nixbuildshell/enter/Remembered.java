package nixbuildshell.enter;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.sandbox.BuildTop;
import nixbuildshell.sandbox.Generation;
import nixbuildshell.sandbox.HostPath;
import nixbuildshell.sandbox.Network;
import nixbuildshell.sandbox.SandboxRequest;
import nixbuildshell.session.About;

/** Keeps in a session what its sandbox was asked to be, for when the caller comes back to it. */
final class Remembered {
  private static final String NETWORK = "network";
  private static final String GENERATION = "generation";
  private static final String BUILD_TOP = "build-top";
  private static final String SYSTEM = "system";
  private static final String SHELL = "shell";
  private static final String FIRST_UID = "uid-range";
  private static final String PATH = "path.";
  private static final String TARGET = ".target";
  private static final String HOST = ".source";
  private static final String LINK = ".link";

  private Remembered() {}

  static Map<String, ByteString> of(SandboxRequest request) {
    SandboxRequest.Build build = request.build();
    Map<String, ByteString> values = new HashMap<>();
    values.put(NETWORK, name(request.view().network().network()));
    values.put(GENERATION, name(build.generation()));
    values.put(SYSTEM, build.system());
    build.top().ifPresent(top -> values.put(BUILD_TOP, ByteString.of(top.path())));
    if (request.identity().isRange()) {
      values.put(FIRST_UID, ByteString.of(Long.toString(request.identity().outsideUid())));
    }
    build.shell().ifPresent(shell -> values.put(SHELL, shell));
    for (HostPath path : request.view().paths()) {
      int number = values.size();
      values.put(PATH + number + TARGET, path.target());
      values.put(PATH + number + HOST, path.source());
      path.link().ifPresent(link -> values.put(PATH + number + LINK, link));
    }
    return values;
  }

  /**
   * Returns the build as it was described. What an older version did not write down is as it was
   * then.
   *
   * @param shell the program at {@code /bin/sh} where none was written down
   */
  static SandboxRequest.Build build(About about, Optional<ByteString> shell) {
    return new SandboxRequest.Build(
        value(about, GENERATION).map(value(Generation::valueOf)).orElse(Generation.FLAT),
        value(about, SYSTEM).orElse(ByteString.EMPTY),
        value(about, SHELL).or(() -> shell),
        value(about, BUILD_TOP).map(ByteString::latin1).map(BuildTop::new));
  }

  static Network network(About about) {
    return value(about, NETWORK).map(value(Network::valueOf)).orElse(Network.LOOPBACK);
  }

  /** The first user of its range, if it has one. */
  static Optional<Long> firstUid(About about) {
    return value(about, FIRST_UID).map(value(Long::valueOf));
  }

  static List<HostPath> paths(About about) {
    List<HostPath> paths = new ArrayList<>();
    about
        .sandbox()
        .forEach(
            (key, target) -> {
              if (key.startsWith(PATH) && key.endsWith(TARGET)) {
                String path = key.substring(0, key.length() - TARGET.length());
                Optional<ByteString> link = value(about, path + LINK);
                value(about, path + HOST)
                    .ifPresent(host -> paths.add(new HostPath(target, host, false, link)));
              }
            });
    return paths;
  }

  private static ByteString name(Enum<?> constant) {
    return ByteString.of(constant.name().toLowerCase(Locale.ROOT));
  }

  private static Optional<ByteString> value(About about, String key) {
    return Optional.ofNullable(about.sandbox().get(key));
  }

  private static <T> Function<ByteString, T> value(Function<String, T> constant) {
    return text -> {
      try {
        return constant.apply(text.latin1().toUpperCase(Locale.ROOT));
      } catch (IllegalArgumentException e) {
        throw new Failure(
            "cannot come back to the session",
            "its session.properties says "
                + text.abridged(40)
                + ", which this version does not know",
            "use the version of nix-build-shell that made it");
      }
    };
  }
}
