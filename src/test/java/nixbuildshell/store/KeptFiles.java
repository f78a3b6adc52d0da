package nixbuildshell.store;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import nixbuildshell.ByteString;

/** Evidence made up for a test; the real one is the linux room's. */
public record KeptFiles(String name, Instant changed, Reading envVars, Reading manifest, long owner)
    implements Evidence {
  public static final long BUILDER = 30001;
  public static final Instant FAILED = Instant.parse("2026-11-21T05:42:52.844656676Z");

  public static KeptFiles named(String name) {
    return new KeptFiles(name, FAILED, new Missing(), new Missing(), BUILDER);
  }

  public KeptFiles of(long user) {
    return new KeptFiles(name, changed, envVars, manifest, user);
  }

  public KeptFiles with(Reading reading) {
    return new KeptFiles(name, changed, reading, manifest, owner);
  }

  public KeptFiles with(String envVars) {
    return with(new Content(envVars.getBytes(StandardCharsets.ISO_8859_1)));
  }

  public KeptFiles withManifest(Reading reading) {
    return new KeptFiles(name, changed, envVars, reading, owner);
  }

  public KeptFiles withManifest(String json) {
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
