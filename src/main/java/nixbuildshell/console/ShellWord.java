package nixbuildshell.console;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import nixbuildshell.ByteSearch;
import nixbuildshell.ByteString;

/** Quotes words for a shell. */
public final class ShellWord {
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_./,:=@%+-]+");
  private static final Pattern PRINTABLE = Pattern.compile("[ -~]*");

  /** Ends the quotes, adds one and begins again. */
  private static final String QUOTE = "'\\''";

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
    return "'" + word.replace("'", QUOTE) + "'";
  }

  /** Appends such a word, which may be large, to a script. */
  public static void appendInSingleQuotes(StringBuilder script, ByteString word) {
    String text = word.latin1();
    ByteSearch quotes = new ByteSearch(word.bytes(), '\'', '\'', '\'');
    script.append('\'');
    int start = 0;
    for (int end = quotes.next(0); end < text.length(); end = quotes.next(start)) {
      script.append(text.substring(start, end)).append(QUOTE);
      start = end + 1;
    }
    script.append(text.substring(start)).append('\'');
  }
}
