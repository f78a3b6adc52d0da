package nixbuildshell.capture;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import nixbuildshell.ByteString;
import nixbuildshell.Malformed;

/**
 * A JSON text that may be an enemy's, read a token at a time: strictly by RFC 8259, of bounded
 * depth, each object's names only once, every string a string of bytes (a character U+0000 to
 * U+00FF each).
 */
final class JsonInput {
  private static final int DEEPEST = 16;
  private static final int LONGEST_LIST = 50_000;
  private static final int LONGEST_PLACE = 80;
  private static final Pattern PLACE = Pattern.compile("line \\d+ column \\d+");
  private static final Pattern INTEGER = Pattern.compile("-?[0-9]{1,18}");

  /** What to do with one field of an object; must consume its value. */
  interface Field {
    void read(String name) throws IOException, Malformed;
  }

  /** What to do with one item of a list; must consume it. */
  interface Item {
    void read() throws IOException, Malformed;
  }

  private final JsonReader in;

  private JsonInput(byte[] text) {
    in =
        new JsonReader(
            new InputStreamReader(
                new ByteArrayInputStream(text), StandardCharsets.UTF_8.newDecoder()));
    in.setStrictness(Strictness.STRICT);
    in.setNestingLimit(DEEPEST);
  }

  /** A reader for a text, and a text for the reader. */
  interface Document {
    void read(JsonInput in) throws IOException, Malformed;
  }

  /**
   * Reads a whole text.
   *
   * @throws Malformed saying where and why
   */
  static void read(byte[] text, Document document) throws Malformed {
    JsonInput input = new JsonInput(text);
    try {
      document.read(input);
      // Throws, strict as it is, at anything but the end.
      input.in.peek();
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
              ? "it is nested more than " + DEEPEST + " deep" + where
              : "it is no JSON" + where);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  void object(Field field) throws IOException, Malformed {
    expect(JsonToken.BEGIN_OBJECT, "an object");
    in.beginObject();
    Set<String> names = new HashSet<>();
    while (in.hasNext()) {
      String name = in.nextName();
      if (!names.add(name)) {
        throw wrong("it is there twice");
      }
      limit(names.size());
      field.read(name);
    }
    in.endObject();
  }

  void list(Item item) throws IOException, Malformed {
    expect(JsonToken.BEGIN_ARRAY, "a list");
    in.beginArray();
    for (int count = 1; in.hasNext(); count++) {
      limit(count);
      item.read();
    }
    in.endArray();
  }

  private void limit(int count) throws Malformed {
    if (count > LONGEST_LIST) {
      throw wrong("it has more than " + LONGEST_LIST + " entries");
    }
  }

  ByteString text() throws IOException, Malformed {
    expect(JsonToken.STRING, "a string");
    String text = in.nextString();
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) == 0) {
        throw wrong("it contains a NUL byte");
      } else if (text.charAt(i) > 0xff) {
        throw wrong("it contains a character that stands for no byte");
      }
    }
    return new ByteString(text);
  }

  long integer() throws IOException, Malformed {
    expect(JsonToken.NUMBER, "a number");
    String number = in.nextString();
    if (!INTEGER.matcher(number).matches()) {
      throw wrong("it is not an integer, or too large");
    }
    return Long.parseLong(number);
  }

  boolean truth() throws IOException, Malformed {
    expect(JsonToken.BOOLEAN, "true or false");
    return in.nextBoolean();
  }

  void skip() throws IOException {
    in.skipValue();
  }

  private void expect(JsonToken token, String words) throws IOException, Malformed {
    if (in.peek() != token) {
      throw new Malformed(place(in.getPath()) + ": it is not " + words);
    }
  }

  /** What is wrong with the value, or the name, that was read last. */
  Malformed wrong(String reason) {
    return new Malformed(place(in.getPreviousPath()) + ": " + reason);
  }

  /** "storePaths[3]", fit to be printed whatever names it is made of. */
  private static String place(String path) {
    String place = path.startsWith("$.") ? path.substring(2) : path;
    String cut = place.length() > LONGEST_PLACE ? place.substring(0, LONGEST_PLACE) + "…" : place;
    return cut.equals("$") ? "the whole" : ByteString.of(cut).toString();
  }
}
