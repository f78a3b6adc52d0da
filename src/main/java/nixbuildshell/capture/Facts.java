package nixbuildshell.capture;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;
import nixbuildshell.Malformed;
import nixbuildshell.store.DerivationFinder;
import nixbuildshell.store.DerivationFinder.Found;
import nixbuildshell.store.DerivationFinder.How;
import nixbuildshell.store.Evidence;
import nixbuildshell.store.StoreDirectory;
import nixbuildshell.store.StorePath;
import nixbuildshell.store.Words;

/** The single fields of a {@link FailedBuild}, each from the best source that has it. */
final class Facts {
  private Facts() {}

  /** Always something that can name a file, whatever the sources say. */
  static Known<String> name(
      Optional<Manifest> manifest, Optional<EnvVars> env, Optional<Found> found, Evidence kept) {
    Optional<String> written = manifest.flatMap(Manifest::name);
    if (written.isPresent()) {
      return new Known<>(written.get(), Source.MANIFEST);
    }
    Optional<String> variable =
        env.flatMap(values -> values.get("name")).map(ByteString::latin1).filter(StorePath::isName);
    if (variable.isPresent()) {
      return new Known<>(variable.get(), Source.ENV_VARS);
    }
    if (found.isPresent()) {
      return new Known<>(found.get().name(), source(found.get().how()));
    }
    String directory = kept.outerName().latin1();
    String fallback = StorePath.isName(directory) ? directory : "build";
    return new Known<>(
        DerivationFinder.nameIn(kept.outerName()).orElse(fallback), Source.DIRECTORY_NAME);
  }

  static Map<String, Known<StorePath>> outputs(Manifest manifest) {
    Map<String, Known<StorePath>> outputs = new LinkedHashMap<>();
    manifest.store().outputs().forEach((name, path) -> outputs.put(name, known(path)));
    return outputs;
  }

  private static <T> Known<T> known(T value) {
    return new Known<>(value, Source.MANIFEST);
  }

  /** The variables that {@code outputs} lists; stdenv takes {@code out} when it is not set. */
  static Map<String, Known<StorePath>> outputs(EnvVars env, StoreDirectory store) {
    List<ByteString> names =
        env.get("outputs").map(Words::of).orElse(List.of(ByteString.of("out")));
    Map<String, Known<StorePath>> outputs = new LinkedHashMap<>();
    for (ByteString name : names) {
      env.get(name.latin1())
          .flatMap(path -> output(path, store))
          .ifPresent(path -> outputs.put(name.latin1(), new Known<>(path, Source.ENV_VARS)));
    }
    return outputs;
  }

  static Map<String, Known<StorePath>> outputs(Optional<Found> found) {
    Map<String, Known<StorePath>> outputs = new LinkedHashMap<>();
    found.ifPresent(
        known ->
            known
                .derivation()
                .outputPaths()
                .forEach((name, path) -> outputs.put(name, new Known<>(path, Source.DERIVATION))));
    return outputs;
  }

  static Set<StorePath> paths(Map<String, Known<StorePath>> outputs) {
    return outputs.values().stream().map(Known::value).collect(Collectors.toSet());
  }

  /** The source is where its path was learned. */
  static Optional<Known<StorePath>> derivation(Optional<Found> found) {
    return found.map(known -> new Known<>(known.path(), source(known.how())));
  }

  private static Source source(How how) {
    return switch (how) {
      case COMMAND_LINE -> Source.COMMAND_LINE;
      case OUTPUT_PATH -> Source.ENV_VARS;
      case MANIFEST_OUTPUT_PATH -> Source.MANIFEST;
      case DIRECTORY_NAME, DIRECTORY_NAME_AND_LOG_TIME -> Source.DIRECTORY_NAME;
      case LOG_TIME -> Source.BUILD_LOG;
    };
  }

  static Optional<Known<ByteString>> system(
      Optional<Manifest> manifest, Optional<EnvVars> env, Optional<Found> found) {
    return manifest
        .flatMap(Manifest::system)
        .map(Facts::known)
        .or(
            () ->
                env.flatMap(values -> values.get("system"))
                    .map(system -> new Known<>(system, Source.ENV_VARS)))
        .or(() -> found.map(known -> new Known<>(known.derivation().system(), Source.DERIVATION)));
  }

  static Optional<Known<ByteString>> unsandboxedTop(
      Optional<Manifest> manifest, Optional<EnvVars> env) {
    return manifest
        .flatMap(written -> written.sandbox().buildTop())
        .map(Facts::known)
        .or(
            () ->
                env.flatMap(values -> values.get("NIX_BUILD_TOP"))
                    .map(top -> new Known<>(top, Source.ENV_VARS)))
        .filter(top -> !top.value().latin1().equals(BuilderEnvironment.BUILD_TOP));
  }

  /**
   * Decides whether the derivation alone may tell something about the build: that it had the
   * network, or was root of a range of users.
   */
  static boolean wantDerivation(Optional<Manifest> manifest, EnvVars env) {
    Optional<EnvVars> known = Optional.of(env);
    return HostNetwork.isClaimed(manifest, known)
        || UidRange.isClaimed(known)
        || env.get("NIX_ATTRS_JSON_FILE").isPresent();
  }

  private static Optional<StorePath> output(ByteString text, StoreDirectory store) {
    try {
      return Optional.of(store.parse(text)).filter(path -> !path.isChroot());
    } catch (Malformed e) {
      return Optional.empty();
    }
  }
}
