package nixbuildshell.console;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;

/** Quotes words for a shell. */
public final class ShellWord {
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_./,:=@%+-]+");
  private static final Pattern PRINTABLE = Pattern.compile("[ -~]*");

  private ShellWord() {}

  /** Returns a word that the caller can paste into bash: printable ASCII, quoted where needed. */
  public static String quote(ByteString word) {
    String text = word.latin1();
    if (PLAIN.matcher(text).matches()) {
      return text;
    } else if (PRINTABLE.matcher(text).matches()) {
      return inSingleQuotes(text);
    }
    StringBuilder quoted = new StringBuilder("$'");
    for (char c : text.toCharArray()) {
      boolean plain = c >= ' ' && c <= '~' && c != '\'' && c != '\\';
      quoted.append(plain ? String.valueOf(c) : String.format("\\%03o", (int) c));
    }
    return quoted.append('\'').toString();
  }

  /** Returns a command line that the caller can paste into bash. */
  public static String quote(List<ByteString> words) {
    return words.stream().map(ShellWord::quote).collect(Collectors.joining(" "));
  }

  /** Returns a word for a script: always in single quotes, its bytes unchanged. */
  public static String inSingleQuotes(String word) {
    StringBuilder script = new StringBuilder();
    appendInSingleQuotes(script, word);
    return script.toString();
  }

  /** Appends such a word, which may be large, to a script. */
  public static void appendInSingleQuotes(StringBuilder script, String word) {
    script.append('\'').append(word.replace("'", "'\\''")).append('\'');
  }
}
