package nixbuildshell.capture;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.Malformed;

/**
 * Holds the variables in {@code env-vars}, which stdenv's {@code dumpVars} writes with bash's
 * {@code export}.
 *
 * @param text the whole file: what was checked is what bash sources, whatever the file says by then
 * @param values in the order of the file, without names that have no value
 */
public record EnvVars(ByteString text, Map<String, ByteString> values) {

  public EnvVars {
    values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }

  /**
   * Parses what {@code export}, {@code export -p} or {@code declare -x} wrote.
   *
   * @throws Malformed with the line number
   */
  public static EnvVars parse(byte[] text) throws Malformed {
    ByteString whole = ByteString.of(text);
    return new EnvVars(whole, new EnvVarsParser(whole.latin1()).parse());
  }

  public Optional<ByteString> get(String name) {
    return Optional.ofNullable(values.get(name));
  }
}
