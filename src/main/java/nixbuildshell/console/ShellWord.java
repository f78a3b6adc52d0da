package nixbuildshell.console;

import java.util.regex.Pattern;
import nixbuildshell.ByteString;

/** A word as it can be pasted into a shell. */
public final class ShellWord {
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_./,:=@%+-]+");
  private static final Pattern PRINTABLE = Pattern.compile("[ -~]*");

  private ShellWord() {}

  public static String quote(ByteString word) {
    String text = word.latin1();
    if (PLAIN.matcher(text).matches()) {
      return text;
    } else if (PRINTABLE.matcher(text).matches()) {
      return "'" + text.replace("'", "'\\''") + "'";
    }
    StringBuilder quoted = new StringBuilder("$'");
    for (char c : text.toCharArray()) {
      boolean plain = c >= ' ' && c <= '~' && c != '\'' && c != '\\';
      quoted.append(plain ? String.valueOf(c) : String.format("\\%03o", (int) c));
    }
    return quoted.append('\'').toString();
  }
}
