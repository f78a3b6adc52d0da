package nixbuildshell.store;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.MalformedJsonException;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import nixbuildshell.ByteString;
import nixbuildshell.Malformed;

/** Reads a JSON text that an attacker may have written: strictly by RFC 8259, within bounds. */
public final class JsonInput {
  private static final int LONGEST_NUMBER = 64;
  private static final int LONGEST_PLACE = 80;
  private static final Pattern PLACE = Pattern.compile("line \\d+ column \\d+");

  /**
   * Limits a text.
   *
   * @param depth how many arrays and objects may lie in one another
   * @param entries how many entries an array or an object may have
   * @param values how many values the whole text may have
   * @param repeats whether an object may repeat a name; then its last value counts
   */
  public record Bounds(int depth, int entries, int values, boolean repeats) {}

  private final CharsetEncoder encoder = StandardCharsets.UTF_8.newEncoder();
  private final JsonReader in;
  private final Bounds bounds;
  private int values;

  private JsonInput(byte[] text, Bounds bounds) {
    this.bounds = bounds;
    in =
        new JsonReader(
            new InputStreamReader(
                new ByteArrayInputStream(text), StandardCharsets.UTF_8.newDecoder()));
    in.setStrictness(Strictness.STRICT);
    in.setNestingLimit(bounds.depth());
  }

  /**
   * Reads a whole text, in UTF-8.
   *
   * @throws Malformed saying where and why
   */
  public static Json read(byte[] text, Bounds bounds) throws Malformed {
    JsonInput input = new JsonInput(text, bounds);
    try {
      Json value = input.value();
      // Throws, strict as it is, at anything but the end.
      input.in.peek();
      return value;
    } catch (CharacterCodingException e) {
      throw new Malformed("it is not UTF-8");
    } catch (EOFException e) {
      throw new Malformed("it ends too early");
    } catch (MalformedJsonException e) {
      String message = String.valueOf(e.getMessage());
      Matcher place = PLACE.matcher(message);
      String where = place.find() ? ", " + place.group() : "";
      throw new Malformed(
          message.startsWith("Nesting limit")
              ? "it is nested more than " + bounds.depth() + " deep" + where
              : "it is no JSON" + where);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private Json value() throws IOException, Malformed {
    limit(++values, bounds.values(), "the text has more than %d values");
    return switch (in.peek()) {
      case BEGIN_OBJECT -> fields();
      case BEGIN_ARRAY -> items();
      case STRING -> new Json.Text(text(in.nextString()));
      case NUMBER -> number();
      case BOOLEAN -> new Json.Truth(in.nextBoolean());
      default -> {
        in.nextNull();
        yield new Json.Nothing();
      }
    };
  }

  private Json.Fields fields() throws IOException, Malformed {
    SortedMap<ByteString, Json> fields = new TreeMap<>();
    in.beginObject();
    for (int count = 1; in.hasNext(); count++) {
      ByteString name = text(in.nextName());
      if (!bounds.repeats() && fields.containsKey(name)) {
        throw wrong("it is there twice");
      }
      limit(count, bounds.entries(), "it has more than %d entries");
      fields.put(name, value());
    }
    in.endObject();
    return new Json.Fields(fields);
  }

  private Json.Items items() throws IOException, Malformed {
    List<Json> items = new ArrayList<>();
    in.beginArray();
    for (int count = 1; in.hasNext(); count++) {
      limit(count, bounds.entries(), "it has more than %d entries");
      items.add(value());
    }
    in.endArray();
    return new Json.Items(items);
  }

  private void limit(int count, int most, String reason) throws Malformed {
    if (count > most) {
      throw wrong(String.format(reason, most));
    }
  }

  /** Refuses a lone surrogate, which has no form in UTF-8. */
  private ByteString text(String text) throws Malformed {
    if (!encoder.canEncode(text)) {
      throw wrong("it has half a character");
    }
    return ByteString.of(text);
  }

  /** Refuses what no double holds, as nlohmann does, and what Nix never writes: long literals. */
  private Json.Number number() throws IOException, Malformed {
    String literal = in.nextString();
    if (literal.length() > LONGEST_NUMBER || Double.isInfinite(Double.parseDouble(literal))) {
      throw wrong("the number is too long or too large");
    }
    return new Json.Number(literal);
  }

  /** Makes the error for the value, or the name, that was read last. */
  private Malformed wrong(String reason) {
    String path = in.getPreviousPath();
    return new Malformed(
        ByteString.of(path.startsWith("$.") ? path.substring(2) : path).abridged(LONGEST_PLACE)
            + ": "
            + reason);
  }
}
