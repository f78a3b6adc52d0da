package nixbuildshell.view;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.capture.FailedBuild;
import nixbuildshell.capture.KeptDirectory;
import nixbuildshell.capture.Reconstruction;
import nixbuildshell.capture.Request;
import nixbuildshell.console.Messages;
import nixbuildshell.files.Answers;
import nixbuildshell.files.Fixture;
import nixbuildshell.nix.Caller;
import nixbuildshell.nix.Configuration;
import nixbuildshell.store.DerivationFinder;
import nixbuildshell.store.NixStore;
import nixbuildshell.store.StoreDirectory;
import nixbuildshell.store.StorePath;
import nixbuildshell.store.TestStore;

/**
 * Holds a store, a kept directory and a caller below a temporary directory. With it, the view and
 * entering are tested without Nix and without namespaces.
 */
public final class TestHost {
  /** The output of the failed build, {@code probe-1.0}. */
  public static final StorePath OUT = TestStore.path("aa", "probe-1.0");

  public static final StorePath BASH = new StorePath(TestStore.BASH.substring(0, 32), "bash-5.2");

  private final Path root;
  private final TestStore store;
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();
  private final Map<String, ByteString> variables = new HashMap<>();
  private final Set<Integer> terminals;
  private Path kept;

  /**
   * Makes them, with an {@code env-vars} of a build in a sandbox.
   *
   * @param terminals those of the descriptors 0, 1 and 2 that are terminals
   */
  public TestHost(Path root, Integer... terminals) {
    this.root = root;
    this.store = new TestStore(root.resolve("nix"));
    this.kept = root.resolve("nix-build-probe-1.0.drv-0");
    this.terminals = Set.of(terminals);
    envVars("/build");
    file(kept.resolve("source/file"), "text");
  }

  public Path root() {
    return root;
  }

  public TestStore store() {
    return store;
  }

  /** Moves the build directory to where newer Nix has it. */
  public TestHost nested() {
    try {
      Path outer = kept;
      Path moved = Files.move(outer, root.resolve("moved"));
      kept = Files.move(moved, Files.createDirectory(outer).resolve("build"));
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public Path kept() {
    return kept;
  }

  /**
   * Writes {@code env-vars}.
   *
   * @param more assignments, {@code NAME=value}
   */
  public void envVars(String top, String... more) {
    String script =
        Stream.concat(
                Stream.of(
                    "NIX_BUILD_TOP=" + top,
                    "SHELL=" + TestStore.SHELL,
                    "name=probe-1.0",
                    "out=" + whole(OUT),
                    "system=x86_64-linux"),
                Stream.of(more))
            .map(each -> "declare -x " + each.replace("=", "=\"") + "\"\n")
            .collect(Collectors.joining());
    file(kept.resolve("env-vars"), script);
  }

  /** Writes a manifest: {@code "name": value, …} in JSON, without the schema's version. */
  public void manifest(String fields) {
    file(
        kept.resolve(".nix-build-shell/manifest.json"),
        "{\"schemaVersion\": \"1.0\", " + fields + "}");
  }

  /** Writes a manifest with the store paths that the build saw. */
  public void manifestOf(StorePath... paths) {
    manifest(
        "\"storePaths\": ["
            + Arrays.stream(paths)
                .map(path -> '"' + whole(path) + '"')
                .collect(Collectors.joining(","))
            + "]");
  }

  /** Writes the build's derivation. */
  public ByteString derivation(String inputs, String sources, String more) {
    return derivation("", inputs, sources, TestStore.SHELL, more);
  }

  /** Makes it a build with {@code /bin/sh} as its builder. */
  public void systemShell(String inputs, String sources) {
    kept.resolve("env-vars").toFile().delete();
    derivation("", inputs, sources, "/bin/sh", "");
  }

  /** Writes the build's derivation as one with a fixed output, which has the network. */
  public ByteString fixedOutput() {
    return derivation("abc", "", "", TestStore.SHELL, "");
  }

  private ByteString derivation(
      String hash, String inputs, String sources, String builder, String more) {
    StorePath path = TestStore.path("dd", "probe-1.0.drv");
    String environment = "(\"name\",\"probe-1.0\"),(\"out\",\"" + whole(OUT) + "\")" + more;
    file(
        root.resolve("nix/store").resolve(path.baseName()),
        "Derive([(\"out\",\"%s\",\"%s\",\"%s\")],[%s],[%s],\"x86_64-linux\",\"%s\",[],[%s])"
            .formatted(
                whole(OUT),
                hash.isEmpty() ? "" : "sha256",
                hash,
                inputs,
                sources,
                builder,
                environment));
    return ByteString.of(whole(path));
  }

  /** Writes {@code nix.conf}. */
  public void settings(String lines) {
    file(root.resolve("etc/nix/nix.conf"), lines);
  }

  /** Writes a program that the caller has on the PATH. */
  public void program(String name, String script) {
    Path file = root.resolve("bin").resolve(name);
    file(file, "#!/bin/sh\n" + script + "\n");
    file.toFile().setExecutable(true);
    set("PATH", root.resolve("bin").toString());
  }

  public void set(String variable, String value) {
    variables.put(variable, ByteString.of(value));
  }

  /** Returns an ordinary user. */
  public Caller caller() {
    long uid = Fixture.root() ? 1000 : Fixture.FILES.userId();
    return Caller.of(variables, terminals, root.resolve("etc"), uid, 100, 0);
  }

  public Messages messages() {
    return new Messages(new PrintStream(said, true, StandardCharsets.UTF_8), false, 0);
  }

  /** Returns what the messages said since the last time, without the tool's name. */
  public String said() {
    String text = said.toString(StandardCharsets.UTF_8);
    said.reset();
    return text.lines()
        .map(line -> line.replaceFirst("^nix-build-shell: ", ""))
        .collect(Collectors.joining("\n"));
  }

  public NixStore nix() {
    return new NixStore(
        StoreDirectory.DEFAULT,
        root + "/nix/store",
        root + "/nix/var/nix",
        root + "/nix/var/log/nix",
        Optional.empty());
  }

  /** Returns those of a caller who names these store paths. */
  SandboxPaths sandboxPaths(StorePath... named) {
    return sandboxPaths(Arrays.stream(named).map(TestHost::whole).map(ByteString::of).toList());
  }

  SandboxPaths sandboxPaths(List<ByteString> named) {
    return sandboxPaths(named, ahead(Answers.NONE));
  }

  SandboxPaths sandboxPaths(List<ByteString> named, AskedAhead ahead) {
    return new SandboxPaths(
        caller(), Fixture.FILES, nix().directory(), Caller.BUILD, named, ahead, messages());
  }

  AskedAhead ahead(Answers answers) {
    return new AskedAhead(
        caller(), Fixture.FILES, nix(), answers, Configuration.read(caller()), () -> false);
  }

  public KeptDirectory open() {
    return KeptDirectory.open(Fixture.FILES, ByteString.of(kept.toString()));
  }

  /** Returns what is known of the build. */
  public FailedBuild build(KeptDirectory opened, Optional<ByteString> derivation) {
    return Reconstruction.of(
        opened,
        Request.of(derivation, false, false, caller(), path -> true),
        new DerivationFinder(nix(), List::of));
  }

  /** Makes a file of the host, with the directories to it. */
  public Path file(Path path, String text) {
    try {
      Files.createDirectories(path.getParent());
      return Files.writeString(path, text, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static String whole(StorePath path) {
    return TestStore.whole(path);
  }
}
