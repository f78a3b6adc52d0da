package nixbuildshell.capture;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import nixbuildshell.ByteString;
import nixbuildshell.Malformed;
import nixbuildshell.store.Json;
import nixbuildshell.store.JsonInput;
import nixbuildshell.store.StoreDirectory;
import nixbuildshell.store.StorePath;

/**
 * Reads a manifest of version 1. It passes over fields that it does not know, so that a newer minor
 * version can have more, and takes an empty text for a missing one.
 */
final class ManifestReader {
  private static final Pattern VERSION = Pattern.compile("([0-9]{1,9})(?:\\.[0-9]{1,9}){0,3}");
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9+._-]{1,80}");
  private static final Pattern INTEGER = Pattern.compile("-?[0-9]{1,18}");
  private static final int LONGEST_PLACE = 80;

  /** Leaves room for 50,000 store paths, each of them a mount of three fields. */
  private static final JsonInput.Bounds BOUNDS = new JsonInput.Bounds(16, 50_000, 400_000, false);

  private ManifestReader() {}

  /**
   * Reads the file.
   *
   * @param store that its store paths are of
   * @throws Malformed when it is no manifest of version 1, saying why not
   * @throws Manifest.Newer when it is one of a later version, whatever else is in it
   */
  static Manifest read(byte[] file, StoreDirectory store) throws Malformed, Manifest.Newer {
    Value whole = new Value("", JsonInput.read(file, BOUNDS));
    checkVersion(whole);
    return new Manifest(
        whole.field("id", id -> id.text(ManifestReader::id).latin1()),
        whole.text("name", ManifestReader::name).map(ByteString::latin1),
        whole.text("system", text -> text),
        new Manifest.End(
            whole.text("phase", text -> text),
            whole.field("exitCode", code -> code.integer(255)),
            whole.field("command", ManifestReader::command),
            whole.text("cwd", ManifestReader::absolute)),
        new Manifest.Store(
            whole.text("shell", path -> inStore(path, store)),
            whole.field("outputs", value -> outputs(value, store)).orElse(Map.of()),
            List.copyOf(
                new LinkedHashSet<>(
                    whole.list("storePaths", path -> path.text(text -> storePath(text, store)))))),
        new Manifest.Sandbox(
            whole.field("sandboxed", Value::truth),
            whole.field("fixedOutput", Value::truth),
            whole.text("buildTop", ManifestReader::absolute),
            whole.list("mounts", ManifestReader::mount)));
  }

  /** Comes first, because a later version may have given any field another type. */
  private static void checkVersion(Value whole) throws Malformed, Manifest.Newer {
    ByteString found =
        whole
            .field("schemaVersion", Value::text)
            .orElseThrow(() -> new Malformed("it has no schemaVersion"));
    Matcher version = VERSION.matcher(found.latin1());
    if (!version.matches() || version.group(1).startsWith("0")) {
      throw new Malformed("schemaVersion: it is not that of a manifest");
    }
    if (!version.group(1).equals("1")) {
      throw new Manifest.Newer(version.group());
    }
  }

  private static ByteString id(ByteString id) throws Malformed {
    String reason = "it is not made of 1 to 80 letters, digits and + . _ -";
    return require(ID.matcher(id.latin1()).matches(), id, reason);
  }

  private static ByteString name(ByteString name) throws Malformed {
    return require(StorePath.isName(name.latin1()), name, "the store allows no such name");
  }

  private static ByteString absolute(ByteString path) throws Malformed {
    return require(path.startsWith("/"), path, "it is not absolute");
  }

  private static ByteString inStore(ByteString path, StoreDirectory store) throws Malformed {
    store.containing(path);
    return path;
  }

  private static StorePath storePath(ByteString path, StoreDirectory store) throws Malformed {
    StorePath parsed = store.parse(path);
    return require(!parsed.isChroot(), parsed, "it is the directory of another build");
  }

  private static <T> T require(boolean fine, T value, String reason) throws Malformed {
    if (!fine) {
      throw new Malformed(reason);
    }
    return value;
  }

  private static Map<String, StorePath> outputs(Value value, StoreDirectory store)
      throws Malformed {
    Map<String, StorePath> outputs = new LinkedHashMap<>();
    for (ByteString name : value.object().values().keySet()) {
      Value output = value.at(name).orElseThrow();
      if (!StorePath.isName(name.latin1())) {
        throw output.wrong("the store allows no such output");
      }
      outputs.put(name.latin1(), output.text(path -> storePath(path, store)));
    }
    return outputs;
  }

  private static Manifest.Command command(Value value) throws Malformed {
    return new Manifest.Command(
        value.field("text", Value::text).orElseThrow(() -> value.wrong("it has no text")),
        value.field("line", line -> line.integer(Integer.MAX_VALUE)),
        value.field("file", Value::text),
        value.list("stack", ManifestReader::frame));
  }

  private static Manifest.Frame frame(Value value) throws Malformed {
    return new Manifest.Frame(
        value.field("function", Value::text),
        value.field("line", line -> line.integer(Integer.MAX_VALUE)),
        value.field("file", Value::text));
  }

  private static Manifest.Mount mount(Value value) throws Malformed {
    return new Manifest.Mount(
        value.field("device", Value::text),
        value.field("root", Value::text),
        value.field("mountPoint", Value::text));
  }

  /** Makes something of a value, or of a text. */
  private interface Reading<T, V> {
    V of(T value) throws Malformed;
  }

  /**
   * Holds a value and the place where it stands, for the message.
   *
   * @param place "storePaths[3]"; empty for the whole text
   */
  private record Value(String place, Json json) {

    Malformed wrong(String reason) {
      String where = place.isEmpty() ? "the whole" : ByteString.of(place).abridged(LONGEST_PLACE);
      return new Malformed(where + ": " + reason);
    }

    /** Returns the value as a kind of JSON. */
    private <J extends Json> J as(Class<J> kind, String words) throws Malformed {
      if (!kind.isInstance(json)) {
        throw wrong("it is not " + words);
      }
      return kind.cast(json);
    }

    Json.Fields object() throws Malformed {
      return as(Json.Fields.class, "an object");
    }

    Optional<Value> at(ByteString name) throws Malformed {
      String prefix = place.isEmpty() ? "" : place + ".";
      String text = new String(name.bytes(), StandardCharsets.UTF_8);
      return Optional.ofNullable(object().values().get(name))
          .map(value -> new Value(prefix + text, value));
    }

    <V> Optional<V> field(String name, Reading<Value, V> reading) throws Malformed {
      Optional<Value> value = at(ByteString.of(name));
      return value.isPresent() ? Optional.of(reading.of(value.get())) : Optional.empty();
    }

    <V> List<V> list(String name, Reading<Value, V> reading) throws Malformed {
      Optional<Value> list = at(ByteString.of(name));
      List<V> entries = new ArrayList<>();
      if (list.isPresent()) {
        for (Json item : list.get().as(Json.Items.class, "a list").values()) {
          String itsPlace = list.get().place + "[" + entries.size() + "]";
          entries.add(reading.of(new Value(itsPlace, item)));
        }
      }
      return entries;
    }

    /** Returns a string of bytes: each of the characters U+0000 to U+00FF is one byte. */
    ByteString text() throws Malformed {
      Json.Text text = as(Json.Text.class, "a string");
      String chars = new String(text.value().bytes(), StandardCharsets.UTF_8);
      if (chars.indexOf('\0') >= 0) {
        throw wrong("it contains a NUL byte");
      } else if (chars.chars().anyMatch(c -> c > 0xff)) {
        throw wrong("it contains a character that stands for no byte");
      }
      return new ByteString(chars);
    }

    <V> V text(Reading<ByteString, V> reading) throws Malformed {
      ByteString text = text();
      try {
        return reading.of(text);
      } catch (Malformed e) {
        throw wrong(e.getMessage());
      }
    }

    /** Returns a field's text; empty when the field is missing or its text is. */
    Optional<ByteString> text(String name, Reading<ByteString, ByteString> reading)
        throws Malformed {
      return field(name, value -> value.text(text -> text.isEmpty() ? text : reading.of(text)))
          .filter(text -> !text.isEmpty());
    }

    int integer(int most) throws Malformed {
      String literal = as(Json.Number.class, "a number").literal();
      if (!INTEGER.matcher(literal).matches()) {
        throw wrong("it is not an integer, or too large");
      }
      long value = Long.parseLong(literal);
      if (value < 0 || value > most) {
        throw wrong("it is too small or too large");
      }
      return (int) value;
    }

    boolean truth() throws Malformed {
      return as(Json.Truth.class, "true or false").value();
    }
  }
}
