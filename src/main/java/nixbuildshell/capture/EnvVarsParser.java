package nixbuildshell.capture;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import nixbuildshell.ByteString;
import nixbuildshell.Malformed;

/**
 * Reads the declarations that bash writes, and refuses what bash would not have written. It expands
 * nothing, so a value that means more than its bytes is malformed. One char is one byte.
 */
final class EnvVarsParser {
  /**
   * In posix mode bash writes {@code export}, else {@code declare} with flags. The name of an
   * exported function has a suffix that no variable's has.
   */
  private static final Pattern HEAD =
      Pattern.compile(
          "(?:export|declare(?= -))(?: -([A-Za-z]++))? "
              + "([A-Za-z_][A-Za-z0-9_]*+|BASH_FUNC_[^\\s=]++)(?=[=\n]|\\z)");

  /** Bounds the declarations: bash 5.2 takes 1 second for 10,000, 3 for 20,000, 171 for 100,000. */
  static final int MOST = 10_000;

  private static final String LETTERS = "abEfnrtv\\'";
  private static final String MEANINGS = "\u0007\b\u001b\f\n\r\t\u000b\\'";

  private final String text;
  private final Map<String, ByteString> values = new LinkedHashMap<>();
  private int at;
  private int count;

  EnvVarsParser(String text) {
    this.text = text;
  }

  Map<String, ByteString> parse() throws Malformed {
    Matcher head = HEAD.matcher(text);
    while (at < text.length()) {
      if (next('\n')) {
        continue;
      }
      if (!head.region(at, text.length()).lookingAt()) {
        throw malformed("neither 'declare -x NAME' nor 'export NAME'", at);
      }
      if (++count > MOST) {
        throw malformed("more than " + MOST + " variables, for which bash would take minutes", at);
      }
      at = head.end();
      declaration(head.group(1), head.group(2));
      if (at < text.length() && !next('\n')) {
        throw malformed("something after the value", at);
      }
    }
    return values;
  }

  private void declaration(String flags, String name) throws Malformed {
    if (!next('=')) {
      return;
    }
    boolean array = flags != null && (flags.indexOf('a') >= 0 || flags.indexOf('A') >= 0);
    if (array && next('(')) {
      skipArray();
    } else {
      StringBuilder value = new StringBuilder();
      quoted(value);
      values.put(name, new ByteString(value.toString()));
    }
  }

  /** Skips an array: no program has it in its environment, even where it is marked for export. */
  private void skipArray() throws Malformed {
    int start = at;
    StringBuilder ignored = new StringBuilder();
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c == '"' || c == '$') {
        ignored.setLength(0);
        quoted(ignored);
      } else if (next(')')) {
        return;
      } else {
        at++;
      }
    }
    throw malformed("the array that begins here has no end", start);
  }

  private void quoted(StringBuilder value) throws Malformed {
    int start = at;
    if (next('"')) {
      doubleQuoted(value, start);
    } else if (text.startsWith("$'", at)) {
      at += 2;
      ansiQuoted(value, start);
    } else {
      throw malformed("a value that is neither \"…\" nor $'…'", at);
    }
  }

  private void doubleQuoted(StringBuilder value, int start) throws Malformed {
    while (at < text.length()) {
      char c = text.charAt(at++);
      if (c == '"') {
        return;
      }
      if (c == '$' || c == '`' || c == '\0') {
        throw malformed("an expansion or a NUL in a value", at - 1);
      }
      if (c == '\\' && at < text.length() && "\"\\$`".indexOf(text.charAt(at)) >= 0) {
        c = text.charAt(at++);
      } else if (c == '\\' && next('\n')) {
        continue;
      }
      value.append(c);
    }
    throw malformed("the \"…\" that begins here has no end", start);
  }

  /** Reads what ansic_quote in bash's strtrans.c writes, and refuses all other escapes. */
  private void ansiQuoted(StringBuilder value, int start) throws Malformed {
    while (at < text.length()) {
      char c = text.charAt(at++);
      if (c == '\'') {
        return;
      }
      int meant = c == '\\' ? escape() : c;
      if (meant == 0) {
        break;
      }
      value.append((char) meant);
    }
    throw malformed("the $'…' that begins here has no end or an unknown escape", start);
  }

  /** Returns the byte that an escape stands for; 0 when bash writes no such escape. */
  private int escape() {
    int letter = at < text.length() ? LETTERS.indexOf(text.charAt(at)) : -1;
    if (letter >= 0) {
      at++;
      return MEANINGS.charAt(letter);
    }
    int number = 0;
    for (int digit = 0; digit < 3; digit++, at++) {
      char c = at < text.length() ? text.charAt(at) : 0;
      if (c < '0' || c > (digit == 0 ? '3' : '7')) {
        return 0;
      }
      number = number * 8 + c - '0';
    }
    return number;
  }

  private boolean next(char c) {
    boolean there = at < text.length() && text.charAt(at) == c;
    at += there ? 1 : 0;
    return there;
  }

  private Malformed malformed(String what, int where) {
    long line = 1 + text.substring(0, where).chars().filter(c -> c == '\n').count();
    return new Malformed("line " + line + ": " + what);
  }
}
