package nixbuildshell.capture;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import nixbuildshell.ByteString;

/** Evidence made up for a test; the real one is the linux room's. */
record KeptDirectory(String name, Instant changed, Reading envVars) implements Evidence {
  static final Instant FAILED = Instant.parse("2026-11-21T05:42:52.844656676Z");

  static KeptDirectory named(String name) {
    return new KeptDirectory(name, FAILED, new Missing());
  }

  KeptDirectory with(Reading reading) {
    return new KeptDirectory(name, changed, reading);
  }

  KeptDirectory with(String envVars) {
    return with(new Content(envVars.getBytes(StandardCharsets.ISO_8859_1)));
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
    if (!file.equals("env-vars") || limit != 16 << 20) {
      throw new AssertionError(file + " " + limit);
    }
    return envVars;
  }
}
