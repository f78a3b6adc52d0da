package nixbuildshell.capture;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import nixbuildshell.ByteString;
import nixbuildshell.Malformed;
import nixbuildshell.files.FileContent;
import nixbuildshell.store.Evidence;
import nixbuildshell.store.Json;
import nixbuildshell.store.JsonInput;
import nixbuildshell.store.StoreDirectory;
import nixbuildshell.store.StorePath;

/**
 * Holds what {@code build.json} says, which Nix writes for a program of its setting {@code
 * external-builders} (external-derivation-builder.cc). An attacker may have written it.
 *
 * @param outputs by output name
 * @param inputs the store paths that the build saw, without its outputs
 */
record ExternalBuild(
    BuilderCall call, ByteString system, Map<String, StorePath> outputs, List<StorePath> inputs) {
  private static final int LARGEST = 16 << 20;
  private static final JsonInput.Bounds BOUNDS = new JsonInput.Bounds(8, 100_000, 200_000, false);

  /** Reads the file beside the build directory. A file that is of no use is ignored with a note. */
  static Optional<ExternalBuild> of(Evidence kept, StoreDirectory store, List<Note> notes) {
    FileContent content = kept.readBeside(KeptDirectory.BUILD_JSON, LARGEST);
    String problem = content.why();
    if (content instanceof FileContent.Missing) {
      return Optional.empty();
    } else if (content instanceof FileContent.Bytes file) {
      try {
        return Optional.of(read(JsonInput.read(file.bytes(), BOUNDS), store));
      } catch (Malformed e) {
        problem = e.getMessage();
      }
    }
    notes.add(Note.warning(KeptDirectory.BUILD_JSON + " is ignored: " + problem));
    return Optional.empty();
  }

  static <T> Fact<T> fact(T value) {
    return new Fact<>(value, Fact.Source.BUILD_JSON);
  }

  /**
   * Returns what the build saw of the store; empty when that lacks the shell, as no build's does.
   */
  Optional<Fact<List<StorePath>>> seen(Optional<Fact<ByteString>> shell, StoreDirectory store) {
    boolean whole =
        shell.map(Fact::value).stream()
            .allMatch(
                path -> inputs.stream().anyMatch(in -> path.startsWith(store.path(in) + "/")));
    return Optional.of(inputs).filter(any -> whole).map(ExternalBuild::fact);
  }

  private static ExternalBuild read(Json json, StoreDirectory store) throws Malformed {
    Map<ByteString, Json> all = fields(json, "it");
    ByteString builder = text(all.get(ByteString.of("builder")), "builder");
    List<ByteString> arguments = new ArrayList<>();
    arguments.add(
        new ByteString(builder.latin1().substring(builder.latin1().lastIndexOf('/') + 1)));
    for (Json argument : items(all.get(ByteString.of("args")), "args")) {
      arguments.add(text(argument, "args"));
    }
    Map<ByteString, ByteString> environment = new TreeMap<>();
    for (var variable : fields(all.get(ByteString.of("env")), "env").entrySet()) {
      ByteString name = text(new Json.Text(variable.getKey()), "env");
      if (name.isEmpty() || name.latin1().indexOf('=') >= 0) {
        throw new Malformed("env: a variable cannot have the name '" + name.abridged(80) + "'");
      }
      environment.put(name, text(variable.getValue(), "env"));
    }
    Map<String, StorePath> outputs = new LinkedHashMap<>();
    for (var output : fields(all.get(ByteString.of("outputs")), "outputs").entrySet()) {
      if (!StorePath.isName(output.getKey().latin1())) {
        throw new Malformed("outputs: '" + output.getKey().abridged(80) + "' is no output's name");
      }
      outputs.put(output.getKey().latin1(), store.parse(text(output.getValue(), "outputs")));
    }
    List<StorePath> inputs = new ArrayList<>();
    for (Json input : items(all.get(ByteString.of("inputPaths")), "inputPaths")) {
      inputs.add(store.parse(text(input, "inputPaths")));
    }
    inputs.removeAll(outputs.values());
    return new ExternalBuild(
        new BuilderCall(builder, arguments, environment),
        text(all.get(ByteString.of("system")), "system"),
        outputs,
        inputs);
  }

  private static Map<ByteString, Json> fields(Json json, String what) throws Malformed {
    if (json instanceof Json.Fields fields) {
      return fields.values();
    }
    throw new Malformed(what + " is no object");
  }

  private static List<Json> items(Json json, String what) throws Malformed {
    if (json instanceof Json.Items items) {
      return items.values();
    }
    throw new Malformed(what + " is no array");
  }

  /** Refuses what no argument of {@code execve} can hold. */
  private static ByteString text(Json json, String what) throws Malformed {
    if (json instanceof Json.Text text && text.value().latin1().indexOf('\0') < 0) {
      return text.value();
    }
    throw new Malformed(what + " has something else than strings without NUL");
  }
}
