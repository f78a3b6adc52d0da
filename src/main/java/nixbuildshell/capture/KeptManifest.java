package nixbuildshell.capture;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import nixbuildshell.ByteString;
import nixbuildshell.Malformed;
import nixbuildshell.files.FileContent;
import nixbuildshell.store.Evidence;
import nixbuildshell.store.StoreDirectory;
import nixbuildshell.store.StorePath;

/** Reads the manifest of a kept directory; without a manifest it knows nothing. */
final class KeptManifest {
  private static final int LARGEST = 16 << 20;

  private final BuildShell shells;
  private final List<Note> notes;
  private Optional<Manifest> manifest = Optional.empty();
  private String problem = "";

  /** Reads the manifest. An unusable manifest is ignored with a note. */
  KeptManifest(Evidence kept, BuildShell shells, List<Note> notes) {
    this.shells = shells;
    this.notes = notes;
    FileContent reading = kept.read(Manifest.PATH, LARGEST);
    if (reading instanceof FileContent.Bytes content) {
      parse(content);
    } else if (!(reading instanceof FileContent.Missing)) {
      problem = reading.why();
    }
    if (!problem.isEmpty()) {
      notes.add(Note.warning(Manifest.PATH + " is ignored: " + problem));
    }
  }

  private void parse(FileContent.Bytes content) {
    try {
      manifest = Optional.of(ManifestReader.read(content.bytes(), store()));
    } catch (Malformed | Manifest.Newer e) {
      problem = e.getMessage();
    }
  }

  Optional<Manifest> manifest() {
    return manifest;
  }

  private StoreDirectory store() {
    return shells.store().directory();
  }

  /**
   * Returns what a message about missing sources adds: why the manifest is unusable, or nothing.
   */
  String appendix() {
    return problem.isEmpty() ? "" : ", " + Manifest.PATH + " is unusable (" + problem + ")";
  }

  Map<String, Fact<StorePath>> outputs() {
    Map<String, Fact<StorePath>> outputs = new LinkedHashMap<>();
    manifest
        .map(written -> written.store().outputs())
        .orElse(Map.of())
        .forEach((name, path) -> outputs.put(name, new Fact<>(path, Fact.Source.MANIFEST)));
    return outputs;
  }

  /** Returns the shell; empty when the path is no shell, which a note says. */
  Optional<Fact<ByteString>> shell() {
    return manifest
        .flatMap(written -> written.store().shell())
        .filter(this::isShell)
        .map(shell -> new Fact<>(shell, Fact.Source.MANIFEST));
  }

  private boolean isShell(ByteString path) {
    try {
      shells.check(path);
      return true;
    } catch (BuildShell.Refused e) {
      notes.add(Note.warning("the manifest's shell '" + path + "' is ignored: " + e.getMessage()));
      return false;
    }
  }

  /**
   * Returns what the build saw of the store, but for its outputs. Paths that lack the shell cannot
   * be what a build saw.
   *
   * @param shell in the store; empty when the build has no shell
   */
  Optional<Fact<List<StorePath>>> storePaths(Optional<ByteString> shell, Set<StorePath> outputs) {
    Set<StorePath> paths =
        new LinkedHashSet<>(manifest.map(written -> written.store().paths()).orElse(List.of()));
    paths.removeAll(outputs);
    if (paths.isEmpty()) {
      return Optional.empty();
    }
    if (!manifest.flatMap(written -> written.sandbox().used()).orElse(true)) {
      notes.add(Note.detail("the build had no sandbox, and saw the whole store"));
      return Optional.empty();
    }
    Optional<ByteString> lacking =
        shell.filter(
            path ->
                paths.stream()
                    .map(store()::path)
                    .noneMatch(p -> path.startsWith(p + "/") || p.equals(path.latin1())));
    if (lacking.isPresent()) {
      notes.add(
          Note.warning(
              "the manifest's storePaths are ignored: they lack the shell " + lacking.get()));
      return Optional.empty();
    }
    return Optional.of(new Fact<>(List.copyOf(paths), Fact.Source.MANIFEST));
  }
}
