package nixbuildshell.store;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.files.FileContent;

/** Stands in for a kept directory. */
public record KeptFiles(
    String name,
    Instant changed,
    FileContent envVars,
    FileContent manifest,
    FileContent beside,
    long owner,
    Optional<Instant> birth)
    implements Evidence {
  public static final long BUILDER = 30001;
  public static final Instant FAILED = Instant.parse("2026-11-21T05:42:52.844656676Z");

  public static KeptFiles named(String name) {
    return new KeptFiles(
        name,
        FAILED,
        new FileContent.Missing(),
        new FileContent.Missing(),
        new FileContent.Missing(),
        BUILDER,
        Optional.empty());
  }

  public KeptFiles of(long user) {
    return new KeptFiles(name, changed, envVars, manifest, beside, user, birth);
  }

  public KeptFiles at(Instant moment) {
    return new KeptFiles(name, moment, envVars, manifest, beside, owner, birth);
  }

  public KeptFiles born(Instant moment) {
    return new KeptFiles(name, changed, envVars, manifest, beside, owner, Optional.of(moment));
  }

  public KeptFiles with(FileContent reading) {
    return new KeptFiles(name, changed, reading, manifest, beside, owner, birth);
  }

  public KeptFiles with(String envVars) {
    return with(new FileContent.Bytes(envVars.getBytes(StandardCharsets.ISO_8859_1)));
  }

  public KeptFiles withManifest(FileContent reading) {
    return new KeptFiles(name, changed, envVars, reading, beside, owner, birth);
  }

  public KeptFiles withBuildJson(String json) {
    FileContent reading = new FileContent.Bytes(json.getBytes(StandardCharsets.UTF_8));
    return new KeptFiles(name, changed, envVars, manifest, reading, owner, birth);
  }

  public KeptFiles withManifest(String json) {
    return withManifest(new FileContent.Bytes(json.getBytes(StandardCharsets.UTF_8)));
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
  public KeptTimes times() {
    Optional<KeptName> known = KeptName.of(outerName());
    return new KeptTimes(
        name, known.flatMap(KeptName::derivation), known.flatMap(KeptName::worker), birth, changed);
  }

  @Override
  public FileContent read(String file, int limit) {
    if (limit != 16 << 20) {
      throw new AssertionError(file + " " + limit);
    }
    return switch (file) {
      case "env-vars" -> envVars;
      case ".nix-build-shell/manifest.json" -> manifest;
      default -> throw new AssertionError(file);
    };
  }

  @Override
  public FileContent readBeside(String file, int limit) {
    if (limit != 16 << 20 || !file.equals("build.json")) {
      throw new AssertionError(file + " " + limit);
    }
    return beside;
  }
}
