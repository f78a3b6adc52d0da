package nixbuildshell.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compares with what Nix 2.8 wrote on x86_64, or with what follows from nlohmann's to_chars. */
class JsonNumberTest {

  @ParameterizedTest
  @CsvSource({
    "0, 0, 0, 0",
    "-0, 0, 0, 0",
    "42, 42, 42, 42",
    "-7, -7, -7, -7",
    "9223372036854775807, 9223372036854775807, -1, -1",
    "-9223372036854775808, -9223372036854775808, 0, 0",
    "18446744073709551615, 18446744073709551615, -1, -1",
    "4294967297, 4294967297, 1, 1",
    "1.5, 1.5, , ",
    "-0.0, -0.0, 0, 0",
    "3.0, 3.0, 3, 3",
    "0.1, 0.1, , ",
    "1e+06, 1000000.0, 1000000, 1000000",
    "1.23457e+08, 123457000.0, 123457000, 123457000",
    "1e+10, 10000000000.0, -2147483648, 2147483647",
    "-1e+10, -10000000000.0, -2147483648, -2147483648",
    "1e+100, 1e+100, -2147483648, 2147483647",
    "1e+15, 1e+15, -2147483648, 2147483647",
    "1e+14, 100000000000000.0, -2147483648, 2147483647",
    "123456789012345.6, 123456789012345.6, -2147483648, 2147483647",
    "1.2345678901234565e+15, 1.2345678901234565e+15, -2147483648, 2147483647",
    "16777217.5, 16777217.5, 16777217, 16777217",
    "0.0001, 0.0001, , ",
    "1e-05, 1e-05, , ",
    "1.2345e-05, 1.2345e-05, , ",
    "1.7976931348623157e+308, 1.7976931348623157e+308, -2147483648, 2147483647",
    "5e-324, 5e-324, 0, 0",
    "0.002, 0.002, , ",
  })
  void isWrittenAsNixDoes(String literal, String json, String x86, String arm) {
    Json.Number number = new Json.Number(literal);
    assertEquals(json, number.dump());
    assertEquals(Optional.ofNullable(x86), number.shell(false));
    assertEquals(Optional.ofNullable(arm), number.shell(true));
  }
}
