package nixbuildshell.store;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;
import nixbuildshell.Malformed;

/**
 * A JSON value as the library that Nix uses has it (nlohmann): names in the order of their bytes,
 * numbers as they are spelled, text in UTF-8.
 */
sealed interface Json {

  record Text(ByteString value) implements Json {}

  record Number(JsonNumber value) implements Json {}

  record Truth(boolean value) implements Json {}

  record Nothing() implements Json {}

  record Items(List<Json> values) implements Json {}

  record Fields(SortedMap<ByteString, Json> values) implements Json {}

  /**
   * Reads an object. From the derivation, so nothing is limited but the depth.
   *
   * @throws Malformed when it is none
   */
  static Fields parse(ByteString text) throws Malformed {
    try (JsonReader in =
        new JsonReader(
            new InputStreamReader(
                new ByteArrayInputStream(text.bytes()), StandardCharsets.UTF_8.newDecoder()))) {
      in.setStrictness(Strictness.STRICT);
      if (read(in) instanceof Fields fields) {
        // Throws, strict as it is, at anything but the end.
        in.peek();
        return fields;
      }
      throw new Malformed("it is no object");
    } catch (IOException | IllegalStateException e) {
      throw new Malformed("it is no JSON");
    }
  }

  private static Json read(JsonReader in) throws IOException {
    return switch (in.peek()) {
      case BEGIN_OBJECT -> fields(in);
      case BEGIN_ARRAY -> items(in);
      case STRING -> new Text(ByteString.of(in.nextString()));
      case NUMBER -> new Number(new JsonNumber(in.nextString()));
      case BOOLEAN -> new Truth(in.nextBoolean());
      default -> {
        in.nextNull();
        yield new Nothing();
      }
    };
  }

  private static Fields fields(JsonReader in) throws IOException {
    SortedMap<ByteString, Json> values = new TreeMap<>();
    in.beginObject();
    while (in.hasNext()) {
      values.put(ByteString.of(in.nextName()), read(in));
    }
    in.endObject();
    return new Fields(values);
  }

  private static Items items(JsonReader in) throws IOException {
    List<Json> values = new ArrayList<>();
    in.beginArray();
    while (in.hasNext()) {
      values.add(read(in));
    }
    in.endArray();
    return new Items(values);
  }

  /** The text that {@code nlohmann::json::dump()} makes of it, a byte a char. */
  default String dump() {
    if (this instanceof Text text) {
      return quoted(text.value());
    } else if (this instanceof Number number) {
      return number.value().dump();
    } else if (this instanceof Truth truth) {
      return Boolean.toString(truth.value());
    } else if (this instanceof Items items) {
      return items.values().stream().map(Json::dump).collect(Collectors.joining(",", "[", "]"));
    } else if (this instanceof Fields fields) {
      return fields.values().entrySet().stream()
          .map(field -> quoted(field.getKey()) + ':' + field.getValue().dump())
          .collect(Collectors.joining(",", "{", "}"));
    }
    return "null";
  }

  private static String quoted(ByteString text) {
    StringBuilder quoted = new StringBuilder(text.length() + 2).append('"');
    for (char c : text.latin1().toCharArray()) {
      switch (c) {
        case '"' -> quoted.append("\\\"");
        case '\\' -> quoted.append("\\\\");
        case '\b' -> quoted.append("\\b");
        case '\f' -> quoted.append("\\f");
        case '\n' -> quoted.append("\\n");
        case '\r' -> quoted.append("\\r");
        case '\t' -> quoted.append("\\t");
        default -> quoted.append(c < ' ' ? String.format("\\u%04x", (int) c) : String.valueOf(c));
      }
    }
    return quoted.append('"').toString();
  }
}
