package nixbuildshell.store;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import nixbuildshell.ByteString;

/**
 * Names a store in directories of this machine, as Nix's {@code --store} takes it ({@code
 * openStore} and {@code splitUriAndParams} in store-api.cc): {@code /some/root}, {@code
 * local?root=/some/root}, {@code daemon}, {@code unix:///path/of/socket}.
 *
 * @param root of a chroot store
 * @param parameters behind the question mark: {@code store}, {@code real}, {@code state}, {@code
 *     log} and others
 * @param given the whole
 */
public record StoreUri(
    Optional<ByteString> root, Map<String, ByteString> parameters, ByteString given) {
  /** Says nothing, and so names the usual store. */
  public static final StoreUri NONE = new StoreUri(Optional.empty(), Map.of(), ByteString.EMPTY);

  private static final Set<String> USUAL = Set.of("", "auto", "daemon", "local", "local://");
  private static final Pattern ESCAPED = Pattern.compile("%([0-9A-Fa-f]{2})");

  public StoreUri {
    parameters = Map.copyOf(parameters);
  }

  /** Parses a URI; empty for another kind of store, on another machine say. */
  public static Optional<StoreUri> parse(ByteString uri) {
    String[] parts = uri.latin1().split("\\?", 2);
    String base = parts[0];
    Map<String, ByteString> parameters = parameters(parts.length > 1 ? parts[1] : "");
    if (USUAL.contains(base) || base.startsWith("unix://")) {
      return Optional.of(new StoreUri(value(parameters, "root"), parameters, uri));
    }
    return base.indexOf('/') >= 0 && !base.contains("://")
        ? Optional.of(new StoreUri(Optional.of(new ByteString(base)), parameters, uri))
        : Optional.empty();
  }

  private static Map<String, ByteString> parameters(String query) {
    Map<String, ByteString> parameters = new LinkedHashMap<>();
    for (String each : query.split("&")) {
      int equals = each.indexOf('=');
      if (equals > 0) {
        String value = each.substring(equals + 1);
        String decoded = ESCAPED.matcher(value).replaceAll(escape -> decoded(escape.group(1)));
        parameters.put(each.substring(0, equals), new ByteString(decoded));
      }
    }
    return parameters;
  }

  private static String decoded(String digits) {
    return Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(digits, 16)));
  }

  /** Returns a parameter that is a path; empty when it is missing or empty. */
  public Optional<ByteString> get(String name) {
    return value(parameters, name);
  }

  private static Optional<ByteString> value(Map<String, ByteString> parameters, String name) {
    return Optional.ofNullable(parameters.get(name)).filter(value -> !value.isEmpty());
  }

  /** Decides whether it names another store than the usual one. */
  public boolean saysMore() {
    return root.isPresent() || !parameters.isEmpty();
  }

  /**
   * Returns the URI for Nix's programs, in whatever working directory they start.
   *
   * @param canonical the root by its absolute path
   */
  public ByteString text(Optional<ByteString> canonical) {
    boolean rootAlone = parameters.size() <= (parameters.containsKey("root") ? 1 : 0);
    return canonical
        .filter(path -> rootAlone && !given.startsWith("unix:") && !given.startsWith("daemon"))
        .orElse(given);
  }
}
