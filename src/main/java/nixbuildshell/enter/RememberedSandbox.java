package nixbuildshell.enter;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.sandbox.BuildTop;
import nixbuildshell.sandbox.Generation;
import nixbuildshell.sandbox.HostPath;
import nixbuildshell.sandbox.Network;
import nixbuildshell.sandbox.SandboxRequest;
import nixbuildshell.session.Remembered;

/** Turns the request for a sandbox into what a session remembers, and back. */
final class RememberedSandbox {
  private RememberedSandbox() {}

  static Remembered.Sandbox remembered(SandboxRequest request) {
    SandboxRequest.Build build = request.build();
    return new Remembered.Sandbox(
        name(request.view().network().network()),
        name(build.generation()),
        build.system(),
        Optional.of(build.shell().orElse(ByteString.EMPTY)),
        build.top().map(top -> ByteString.of(top.path())),
        build.directory(),
        Optional.of(request.identity()).filter(it -> it.isRange()).map(it -> it.outsideUid()),
        request.view().paths().stream()
            .map(
                path ->
                    new Remembered.Shown(
                        path.target(), path.source(), !path.readOnly(), path.link()))
            .toList());
  }

  /**
   * Returns the build as it was described.
   *
   * @param shell the program at {@code /bin/sh} where none was written down
   */
  static SandboxRequest.Build build(Remembered.Sandbox before, Optional<ByteString> shell) {
    return new SandboxRequest.Build(
        known(Generation.class, before.generation()),
        before.system(),
        before.binSh().or(() -> shell).filter(path -> !path.isEmpty()),
        before.buildTop().map(ByteString::latin1).map(BuildTop::new),
        before.buildTop().map(ByteString::latin1).orElse(before.directory()));
  }

  static Network network(Remembered.Sandbox before) {
    return known(Network.class, before.network());
  }

  static List<HostPath> paths(Remembered.Sandbox before) {
    return before.paths().stream()
        .map(
            path ->
                new HostPath(path.target(), path.source(), false, !path.writable(), path.link()))
        .toList();
  }

  private static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  private static <E extends Enum<E>> E known(Class<E> type, String name) {
    try {
      return Enum.valueOf(type, name.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new Failure(
          "cannot come back to the session",
          "its session.properties says "
              + new ByteString(name).abridged(40)
              + ", which this version does not know",
          "use the version of nix-build-shell that made it");
    }
  }
}
