package nixbuildshell.capture;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import nixbuildshell.ByteString;
import nixbuildshell.Malformed;
import nixbuildshell.store.StorePath;

/**
 * Reads a manifest of version 1. Fields that it does not know are passed over, so that a newer
 * minor version can have more; an empty text says as little as none.
 */
final class ManifestReader {
  private static final Pattern VERSION = Pattern.compile("([0-9]{1,9})(?:\\.[0-9]{1,9}){0,3}");
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9+._-]{1,80}");

  private final JsonInput in;
  private final Map<String, ByteString> texts = new LinkedHashMap<>();
  private final Map<String, Long> integers = new LinkedHashMap<>();
  private final Map<String, Boolean> truths = new LinkedHashMap<>();
  private final Map<String, StorePath> outputs = new LinkedHashMap<>();
  private final Set<StorePath> storePaths = new LinkedHashSet<>();
  private final List<Manifest.Mount> mounts = new ArrayList<>();
  private Optional<Manifest.Command> command = Optional.empty();

  private ManifestReader(JsonInput in) {
    this.in = in;
  }

  /**
   * Reads the file.
   *
   * @throws Malformed when it is no manifest of version 1, saying why not
   * @throws Manifest.Newer when it is one of a later version, whatever else is in it
   */
  static Manifest read(byte[] file) throws Malformed, Manifest.Newer {
    checkVersion(file);
    Manifest[] manifest = new Manifest[1];
    JsonInput.read(file, in -> manifest[0] = new ManifestReader(in).manifest());
    return manifest[0];
  }

  /** First, because a later version may have given any field another type. */
  private static void checkVersion(byte[] file) throws Malformed, Manifest.Newer {
    ByteString[] found = new ByteString[1];
    JsonInput.read(
        file,
        in ->
            in.object(
                name -> {
                  if (name.equals("schemaVersion")) {
                    found[0] = in.text();
                  } else {
                    in.skip();
                  }
                }));
    if (found[0] == null) {
      throw new Malformed("it has no schemaVersion");
    }
    Matcher version = VERSION.matcher(found[0].latin1());
    if (!version.matches() || version.group(1).startsWith("0")) {
      throw new Malformed("schemaVersion: it is not that of a manifest");
    }
    if (!version.group(1).equals("1")) {
      throw new Manifest.Newer(version.group());
    }
  }

  private Manifest manifest() throws IOException, Malformed {
    in.object(this::field);
    return new Manifest(
        text("id").map(ByteString::latin1),
        text("name").map(ByteString::latin1),
        text("system"),
        text("phase"),
        Optional.ofNullable(integers.get("exitCode")).map(Long::intValue),
        command,
        text("cwd"),
        text("shell"),
        text("stdenv"),
        text("buildTop"),
        outputs,
        List.copyOf(storePaths),
        mounts,
        Optional.ofNullable(truths.get("structuredAttrs")),
        Optional.ofNullable(truths.get("fixedOutput")),
        Optional.ofNullable(truths.get("sandboxed")));
  }

  private Optional<ByteString> text(String name) {
    return Optional.ofNullable(texts.get(name)).filter(text -> !text.isEmpty());
  }

  private void field(String name) throws IOException, Malformed {
    switch (name) {
      case "id" -> texts.put(name, id());
      case "name" -> texts.put(name, name());
      case "pname", "version", "system", "phase", "hookVersion" -> texts.put(name, in.text());
      case "cwd", "buildTop" -> texts.put(name, absolute());
      case "shell", "stdenv" -> texts.put(name, inStore());
      case "exitCode" -> integers.put(name, within(in.integer(), 0, 255));
      case "uid", "gid", "time" -> integers.put(name, within(in.integer(), 0, Long.MAX_VALUE));
      case "structuredAttrs", "fixedOutput", "sandboxed" -> truths.put(name, in.truth());
      case "command" -> command = Optional.of(command());
      case "outputs" -> in.object(output -> outputs.put(outputName(output), storePath()));
      case "storePaths" -> in.list(() -> storePaths.add(storePath()));
      case "mounts" -> in.list(() -> mounts.add(mount()));
      default -> in.skip();
    }
  }

  private ByteString id() throws IOException, Malformed {
    ByteString id = in.text();
    if (!ID.matcher(id.latin1()).matches()) {
      throw in.wrong("it is not made of 1 to 80 letters, digits and + . _ -");
    }
    return id;
  }

  private ByteString name() throws IOException, Malformed {
    ByteString name = in.text();
    if (!name.isEmpty() && !StorePath.isName(name.latin1())) {
      throw in.wrong("the store allows no such name");
    }
    return name;
  }

  private String outputName(String name) throws Malformed {
    if (!StorePath.isName(name)) {
      throw in.wrong("the store allows no such output");
    }
    return name;
  }

  private ByteString absolute() throws IOException, Malformed {
    ByteString path = in.text();
    if (!path.isEmpty() && !path.startsWith("/")) {
      throw in.wrong("it is not absolute");
    }
    return path;
  }

  private ByteString inStore() throws IOException, Malformed {
    ByteString path = in.text();
    try {
      if (!path.isEmpty()) {
        StorePath.containing(path);
      }
      return path;
    } catch (Malformed e) {
      throw in.wrong(e.getMessage());
    }
  }

  private StorePath storePath() throws IOException, Malformed {
    ByteString path = in.text();
    try {
      StorePath parsed = StorePath.parse(path);
      if (parsed.isChroot()) {
        throw new Malformed("it is the directory of another build");
      }
      return parsed;
    } catch (Malformed e) {
      throw in.wrong(e.getMessage());
    }
  }

  private long within(long number, long least, long most) throws Malformed {
    if (number < least || number > most) {
      throw in.wrong("it is too small or too large");
    }
    return number;
  }

  private Manifest.Command command() throws IOException, Malformed {
    List<Manifest.Frame> stack = new ArrayList<>();
    Fields fields = new Fields();
    in.object(
        name -> {
          if (name.equals("stack")) {
            in.list(() -> stack.add(frame()));
          } else {
            fields.read(name, "text", "file");
          }
        });
    ByteString text = fields.text("text").orElseThrow(() -> in.wrong("it has no text"));
    return new Manifest.Command(text, fields.line(), fields.text("file"), stack);
  }

  private Manifest.Frame frame() throws IOException, Malformed {
    Fields fields = new Fields();
    in.object(name -> fields.read(name, "function", "file"));
    return new Manifest.Frame(fields.text("function"), fields.line(), fields.text("file"));
  }

  private Manifest.Mount mount() throws IOException, Malformed {
    Fields fields = new Fields();
    in.object(name -> fields.read(name, "device", "root", "mountPoint", "type"));
    return new Manifest.Mount(
        fields.text("device"), fields.text("root"), fields.text("mountPoint"), fields.text("type"));
  }

  /** The fields of a small object: texts, and perhaps a line number. */
  private final class Fields {
    private final Map<String, ByteString> found = new LinkedHashMap<>();
    private Optional<Integer> line = Optional.empty();

    void read(String name, String... known) throws IOException, Malformed {
      if (List.of(known).contains(name)) {
        found.put(name, in.text());
      } else if (name.equals("line")) {
        line = Optional.of((int) within(in.integer(), 0, Integer.MAX_VALUE));
      } else {
        in.skip();
      }
    }

    Optional<ByteString> text(String name) {
      return Optional.ofNullable(found.get(name));
    }

    Optional<Integer> line() {
      return line;
    }
  }
}
