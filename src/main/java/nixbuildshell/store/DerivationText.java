package nixbuildshell.store;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteSearch;
import nixbuildshell.ByteString;
import nixbuildshell.Malformed;

/** Reads the terms of a derivation, one after the other: strings, lists and store paths. */
final class DerivationText {
  private final StoreDirectory store;
  private final byte[] bytes;
  private final int offset;

  /** Finds what a string can end with, or what is no plain character of it. */
  private final ByteSearch ends;

  /** The quote and the directory that a plain store path begins with. */
  private final String plainStart;

  private int at;

  /**
   * Begins to read.
   *
   * @param store the store that the paths belong to
   * @param offset the place in the file where the bytes begin, for messages
   */
  DerivationText(StoreDirectory store, byte[] bytes, int offset) {
    this.store = store;
    this.bytes = bytes;
    this.offset = offset;
    this.ends = new ByteSearch(bytes, '"', '\\', '\0');
    this.plainStart = '"' + store.path() + '/';
  }

  /** Returns the number of bytes that are read. */
  int at() {
    return at;
  }

  boolean isAtEnd() {
    return at == bytes.length;
  }

  /** Returns what was read since a place. */
  ByteString since(int start) {
    return text(start, at);
  }

  private ByteString text(int start, int end) {
    return new ByteString(new String(bytes, start, end - start, StandardCharsets.ISO_8859_1));
  }

  /** Decides whether something comes next, which stays unread. */
  boolean has(String token) {
    int length = token.length();
    if (length > bytes.length - at) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      if (bytes[at + i] != token.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** Reads something if it comes next. */
  boolean next(String token) {
    boolean there = has(token);
    at += there ? token.length() : 0;
    return there;
  }

  void expect(String token) throws Malformed {
    if (!next(token)) {
      throw malformed("expected '" + token + "'");
    }
  }

  /** Reads an element of a list. */
  interface Element {
    void read() throws Malformed;
  }

  void list(Element element) throws Malformed {
    expect("[");
    for (boolean first = true; !next("]"); first = false) {
      if (!first) {
        expect(",");
      }
      element.read();
    }
  }

  List<ByteString> strings() throws Malformed {
    List<ByteString> strings = new ArrayList<>();
    list(() -> strings.add(string()));
    return strings;
  }

  /**
   * Skips a list of any terms. Where {@link #list} can read the list, it ends at the same place:
   * brackets in strings are none. It counts the depth, so that a deep list overflows no stack.
   */
  void skipList() throws Malformed {
    expect("[");
    byte[] all = bytes;
    for (int depth = 1; depth > 0; ) {
      byte next = at < all.length ? all[at] : 0;
      if (next == '"') {
        skipString();
        continue;
      }
      if (next == '[' || next == '(') {
        depth++;
      } else if (next == ']' || next == ')') {
        depth--;
      } else if (next != ',') {
        throw malformed(isAtEnd() ? "a list without an end" : "expected '\"'");
      }
      at++;
    }
  }

  private void skipString() throws Malformed {
    int end = ends.next(at + 1);
    if (isQuote(end)) {
      at = end + 1;
    } else {
      string();
    }
  }

  private boolean isQuote(int index) {
    return index < bytes.length && bytes[index] == '"';
  }

  /** Reads a string. Most have no escapes. */
  ByteString string() throws Malformed {
    expect("\"");
    int end = ends.next(at);
    if (!isQuote(end)) {
      return escaped();
    }
    ByteString value = text(at, end);
    at = end + 1;
    return value;
  }

  private ByteString escaped() throws Malformed {
    int start = at;
    StringBuilder value = new StringBuilder();
    for (int end = ends.next(at); end < bytes.length; end = ends.next(at)) {
      value.append(text(at, end).latin1());
      at = end + 1;
      switch (bytes[end]) {
        case '"' -> {
          return new ByteString(value.toString());
        }
        case '\\' -> value.append(unescaped());
        default -> throw malformed("a NUL in a string");
      }
    }
    at = start;
    throw malformed("a string without an end");
  }

  private char unescaped() throws Malformed {
    if (isAtEnd()) {
      throw malformed("a string without an end");
    }
    char c = (char) (bytes[at++] & 0xff);
    return switch (c) {
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case '\0' -> throw malformed("a NUL in a string");
      default -> c;
    };
  }

  /** Reads a path. Most derivations have hundreds, and nearly all are plain. */
  StorePath storePath() throws Malformed {
    if (has(plainStart)) {
      int start = at + plainStart.length();
      int end = ends.next(start);
      Optional<StorePath> plain =
          isQuote(end) ? StorePath.find(bytes, start, end) : Optional.empty();
      if (plain.isPresent()) {
        at = end + 1;
        return plain.get();
      }
    }
    return storePath(string());
  }

  StorePath storePath(ByteString path) throws Malformed {
    try {
      return store.parse(path);
    } catch (Malformed e) {
      throw malformed("'" + path + "' is no store path (" + e.getMessage() + ")");
    }
  }

  /** Reads the name of an output. */
  String outputName() throws Malformed {
    return outputName(string());
  }

  String outputName(ByteString name) throws Malformed {
    if (!StorePath.isName(name.latin1())) {
      throw malformed("'" + name + "' is no name of an output");
    }
    return name.latin1();
  }

  Malformed malformed(String what) {
    return new Malformed("byte " + (offset + at) + ": " + what);
  }
}
