package nixbuildshell.store;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import nixbuildshell.ByteString;

/** An attribute that is a list: Nix joins it with spaces and splits it at white space. */
public final class Words {
  private static final Pattern SPACE = Pattern.compile("[ \t\n\r]+");

  private Words() {}

  public static List<ByteString> of(ByteString value) {
    return SPACE
        .splitAsStream(value.latin1())
        .filter(word -> !word.isEmpty())
        .map(ByteString::new)
        .toList();
  }

  /** Each word once; none where the attribute is not set. */
  public static List<ByteString> distinct(Optional<ByteString> value) {
    return value.map(words -> of(words).stream().distinct().toList()).orElse(List.of());
  }
}
