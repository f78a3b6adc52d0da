package nixbuildshell.store;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;

/** Holds a JSON value as Nix's library (nlohmann) has it; {@link JsonInput} reads one. */
public sealed interface Json {

  /** Returns the text that {@code nlohmann::json::dump()} writes, one byte in each char. */
  String dump();

  /** Returns the text in ASCII, as the tool prints it: nothing in it steers a terminal. */
  default String ascii() {
    String text = new String(new ByteString(dump()).bytes(), StandardCharsets.UTF_8);
    StringBuilder ascii = new StringBuilder(text.length());
    for (char c : text.toCharArray()) {
      ascii.append(c < 127 ? String.valueOf(c) : String.format("\\u%04x", (int) c));
    }
    return ascii.toString();
  }

  /**
   * Returns a value of the tool's own: a map by names, a list, a text, a number or a truth value;
   * an empty Optional is null. Bytes that are not UTF-8 become U+FFFD.
   */
  static Json of(Object value) {
    if (value instanceof Optional<?> optional) {
      return optional.isPresent() ? of(optional.get()) : new Nothing();
    } else if (value instanceof Map<?, ?> map) {
      SortedMap<ByteString, Json> fields = new TreeMap<>();
      map.forEach((name, each) -> fields.put(ByteString.of((String) name), of(each)));
      return new Fields(fields);
    } else if (value instanceof List<?> list) {
      return new Items(list.stream().map(Json::of).toList());
    } else if (value instanceof Boolean truth) {
      return new Truth(truth);
    } else if (value instanceof Integer || value instanceof Long) {
      return new Number(value.toString());
    }
    byte[] bytes =
        value instanceof ByteString raw
            ? raw.bytes()
            : value.toString().getBytes(StandardCharsets.UTF_8);
    String text = new String(bytes, StandardCharsets.UTF_8);
    return new Text(ByteString.of(text));
  }

  /**
   * Holds a string.
   *
   * @param value in UTF-8
   */
  record Text(ByteString value) implements Json {
    private static final Map<Character, String> ESCAPES =
        Map.of(
            '"', "\\\"", '\\', "\\\\", '\b', "\\b", '\f', "\\f", '\n', "\\n", '\r', "\\r", '\t',
            "\\t");

    @Override
    public String dump() {
      StringBuilder quoted = new StringBuilder(value.length() + 2).append('"');
      for (char c : value.latin1().toCharArray()) {
        String escape = ESCAPES.get(c);
        if (escape == null && c < ' ') {
          escape = String.format("\\u%04x", (int) c);
        }
        quoted.append(escape == null ? String.valueOf(c) : escape);
      }
      return quoted.append('"').toString();
    }
  }

  /**
   * Holds a number.
   *
   * @param literal as Nix wrote it: an integer of 64 bits, or a double
   */
  record Number(String literal) implements Json {
    /**
     * Nix before 2.26 writes six digits, with an exponent from 1e+06 on; nlohmann from 1e+15 on.
     */
    private static final Pattern WITH_EXPONENT =
        Pattern.compile("-?[0-9](\\.[0-9]{1,5})?e\\+(0[6-9]|1[0-4])");

    @Override
    public String dump() {
      if (WITH_EXPONENT.matcher(literal).matches()) {
        return new BigDecimal(literal).toPlainString() + ".0";
      }
      return literal.equals("-0") ? "0" : literal;
    }

    /**
     * Returns what {@code writeStructuredAttrsShell} writes: Nix takes what is whole as a {@code
     * float} for an {@code int}, and cuts it to 32 bits.
     *
     * @param saturating whether the machine converts a double that is too large to the nearest int,
     *     as Arm does; x86 makes it the least int
     * @return empty for what Nix leaves out
     */
    Optional<String> shell(boolean saturating) {
      if (literal.matches("-?[0-9]+") && new BigInteger(literal).bitLength() <= 64) {
        return Optional.of(Integer.toString(new BigInteger(literal).intValue()));
      }
      double value = Double.parseDouble(literal);
      float rounded = (float) value;
      if (Math.ceil(rounded) != rounded) {
        return Optional.empty();
      }
      boolean fits = value > Integer.MIN_VALUE - 1.0 && value < Integer.MAX_VALUE + 1.0;
      return Optional.of(Integer.toString(fits || saturating ? (int) value : Integer.MIN_VALUE));
    }
  }

  /** Holds {@code true} or {@code false}. */
  record Truth(boolean value) implements Json {
    @Override
    public String dump() {
      return Boolean.toString(value);
    }
  }

  /** Stands for {@code null}. */
  record Nothing() implements Json {
    @Override
    public String dump() {
      return "null";
    }
  }

  /** Holds an array. */
  record Items(List<Json> values) implements Json {
    @Override
    public String dump() {
      return values.stream().map(Json::dump).collect(Collectors.joining(",", "[", "]"));
    }
  }

  /** Holds an object, in the order of its names' bytes. */
  record Fields(SortedMap<ByteString, Json> values) implements Json {
    @Override
    public String dump() {
      return values.entrySet().stream()
          .map(field -> new Text(field.getKey()).dump() + ':' + field.getValue().dump())
          .collect(Collectors.joining(",", "{", "}"));
    }
  }
}
