package nixbuildshell.store;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import nixbuildshell.ByteString;

/**
 * The name of a store that is in directories of this machine, as Nix's {@code --store} takes it
 * ({@code openStore} and {@code splitUriAndParams} in store-api.cc): {@code /some/root}, {@code
 * local?root=/some/root}, {@code daemon}, {@code unix:///path/of/socket}.
 *
 * @param root of a chroot store
 * @param parameters behind the question mark: {@code store}, {@code real}, {@code state}, {@code
 *     log} and others
 * @param given the whole
 */
public record StoreUri(
    Optional<ByteString> root, Map<String, ByteString> parameters, ByteString given) {
  /** That says nothing. */
  public static final StoreUri NONE = new StoreUri(Optional.empty(), Map.of(), ByteString.EMPTY);

  public StoreUri {
    parameters = Map.copyOf(parameters);
  }

  /** Reads one; empty when it is of another kind, on another machine say. */
  public static Optional<StoreUri> parse(ByteString uri) {
    String text = uri.latin1();
    int mark = text.indexOf('?');
    String base = mark < 0 ? text : text.substring(0, mark);
    Map<String, ByteString> parameters = parameters(mark < 0 ? "" : text.substring(mark + 1));
    Optional<ByteString> root = Optional.ofNullable(parameters.get("root"));
    return switch (base) {
      case "", "auto", "daemon", "local", "local://" ->
          Optional.of(new StoreUri(root.filter(path -> !path.isEmpty()), parameters, uri));
      default -> {
        if (base.startsWith("unix://")) {
          yield Optional.of(new StoreUri(root, parameters, uri));
        }
        yield base.indexOf('/') >= 0 && !base.contains("://")
            ? Optional.of(new StoreUri(Optional.of(new ByteString(base)), parameters, uri))
            : Optional.empty();
      }
    };
  }

  private static Map<String, ByteString> parameters(String query) {
    Map<String, ByteString> parameters = new LinkedHashMap<>();
    for (String each : query.split("&")) {
      int equals = each.indexOf('=');
      if (equals > 0) {
        parameters.put(each.substring(0, equals), decoded(each.substring(equals + 1)));
      }
    }
    return parameters;
  }

  /** A percent sign and two hexadecimal digits are a byte. */
  private static ByteString decoded(String text) {
    StringBuilder bytes = new StringBuilder();
    for (int at = 0; at < text.length(); at++) {
      String digits = text.substring(at + 1, Math.min(at + 3, text.length()));
      if (text.charAt(at) == '%' && digits.matches("[0-9A-Fa-f]{2}")) {
        bytes.append((char) Integer.parseInt(digits, 16));
        at += 2;
      } else {
        bytes.append(text.charAt(at));
      }
    }
    return new ByteString(bytes.toString());
  }

  /** A parameter that is a path; empty when it is not there. */
  public Optional<ByteString> get(String name) {
    return Optional.ofNullable(parameters.get(name)).filter(value -> !value.isEmpty());
  }

  /** Whether it says more than which way to the usual store is taken. */
  public boolean saysMore() {
    return root.isPresent() || !parameters.isEmpty();
  }

  /**
   * For Nix's programs, wherever they are started.
   *
   * @param canonical the root by its absolute path
   */
  public ByteString text(Optional<ByteString> canonical) {
    return canonical
        .filter(
            path ->
                parameters.size() <= (parameters.containsKey("root") ? 1 : 0)
                    && !given.startsWith("unix:")
                    && !given.startsWith("daemon"))
        .orElse(given);
  }
}
