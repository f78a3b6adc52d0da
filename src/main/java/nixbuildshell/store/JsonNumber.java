package nixbuildshell.store;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Optional;

/**
 * A number as nlohmann's JSON library reads and writes it: an integer of 64 bits, signed or
 * unsigned, where it is spelled as one and fits, and else a {@code double}.
 *
 * @param literal as it is spelled
 */
record JsonNumber(String literal) {
  private static final BigInteger LEAST = BigInteger.ONE.shiftLeft(63).negate();
  private static final BigInteger MOST = BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE);

  /** From these exponents on, {@code to_chars} writes no plain decimals. */
  private static final int LEAST_PLAIN = -4;

  private static final int MOST_PLAIN = 15;

  private Optional<BigInteger> integer() {
    if (!literal.matches("-?[0-9]+")) {
      return Optional.empty();
    }
    BigInteger value = new BigInteger(literal);
    return value.compareTo(LEAST) < 0 || value.compareTo(MOST) > 0
        ? Optional.empty()
        : Optional.of(value);
  }

  String dump() {
    return integer().map(BigInteger::toString).orElseGet(() -> dump(Double.parseDouble(literal)));
  }

  /** {@code nlohmann::detail::to_chars}: the fewest digits that give the same number again. */
  private static String dump(double value) {
    String sign = 1 / value < 0 || value < 0 ? "-" : "";
    if (value == 0) {
      return sign + "0.0";
    }
    BigDecimal shortest = shortest(Math.abs(value));
    String digits = shortest.unscaledValue().toString();
    int count = digits.length();
    int point = count - shortest.scale();
    if (count <= point && point <= MOST_PLAIN) {
      return sign + digits + "0".repeat(point - count) + ".0";
    } else if (0 < point && point <= MOST_PLAIN) {
      return sign + digits.substring(0, point) + "." + digits.substring(point);
    } else if (LEAST_PLAIN < point && point <= 0) {
      return sign + "0." + "0".repeat(-point) + digits;
    }
    String fraction = count == 1 ? "" : "." + digits.substring(1);
    int exponent = point - 1;
    return sign
        + digits.charAt(0)
        + fraction
        + (exponent < 0 ? "e-" : "e+")
        + String.format("%02d", Math.abs(exponent));
  }

  /** Not {@code Double.toString}, which before Java 19 has a digit too many now and then. */
  private static BigDecimal shortest(double value) {
    BigDecimal exact = new BigDecimal(value);
    for (int digits = 1; digits < 17; digits++) {
      BigDecimal rounded = exact.round(new MathContext(digits, RoundingMode.HALF_EVEN));
      if (rounded.doubleValue() == value) {
        return rounded.stripTrailingZeros();
      }
    }
    return exact.round(new MathContext(17, RoundingMode.HALF_EVEN)).stripTrailingZeros();
  }

  /**
   * What {@code writeStructuredAttrsShell} makes of it: Nix takes what is whole as a {@code float}
   * for an {@code int}, cut to 32 bits however large.
   *
   * @param saturating whether the machine converts a double that is too large to the nearest int,
   *     as Arm does; x86 makes it the least int
   * @return empty for what Nix leaves out
   */
  Optional<String> shell(boolean saturating) {
    Optional<BigInteger> integer = integer();
    if (integer.isPresent()) {
      return Optional.of(Integer.toString(integer.get().intValue()));
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
