package nixbuildshell.capture;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import nixbuildshell.ByteString;

/** Evidence made up for a test; the real one is the linux room's. */
record KeptDirectory(String name, Instant changed, Reading envVars, Reading manifest, long owner)
    implements Evidence {
  static final long BUILDER = 30001;
  static final Instant FAILED = Instant.parse("2026-11-21T05:42:52.844656676Z");

  static KeptDirectory named(String name) {
    return new KeptDirectory(name, FAILED, new Missing(), new Missing(), BUILDER);
  }

  KeptDirectory of(long user) {
    return new KeptDirectory(name, changed, envVars, manifest, user);
  }

  KeptDirectory with(Reading reading) {
    return new KeptDirectory(name, changed, reading, manifest, owner);
  }

  KeptDirectory with(String envVars) {
    return with(new Content(envVars.getBytes(StandardCharsets.ISO_8859_1)));
  }

  KeptDirectory withManifest(Reading reading) {
    return new KeptDirectory(name, changed, envVars, reading, owner);
  }

  KeptDirectory withManifest(String json) {
    return withManifest(new Content(json.getBytes(StandardCharsets.UTF_8)));
  }

  @Override
  public ByteString path() {
    return ByteString.of("/tmp/" + name);
  }

  @Override
  public ByteString outerName() {
    return ByteString.of(name);
  }

  @Override
  public Reading read(String file, long limit) {
    if (limit != 16 << 20) {
      throw new AssertionError(file + " " + limit);
    }
    return switch (file) {
      case "env-vars" -> envVars;
      case ".nix-build-shell/manifest.json" -> manifest;
      default -> throw new AssertionError(file);
    };
  }
}
