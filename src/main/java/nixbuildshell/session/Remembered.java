package nixbuildshell.session;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import nixbuildshell.ByteString;

/**
 * Holds what a session remembers for a caller that comes back to it. The file {@code
 * session.properties} stores it. Properties escape what is not ASCII, which keeps paths of any
 * bytes.
 *
 * @param kind what becomes of the session at the end of its run
 * @param origin the kept directory that was copied
 * @param name the derivation's name, or a substitute
 * @param derivation the path of its derivation; empty when it was not needed
 * @param shell the build's shell; empty when it has none
 * @param environment what the kernel gives the command, {@code NAME=value}
 * @param programs the directories of {@code --with} at the end of PATH, as seen from inside
 * @param sandbox what the sandbox was made from
 * @param store the build's store; empty when it is Nix's default
 */
public record Remembered(
    Kind kind,
    ByteString origin,
    ByteString name,
    Optional<ByteString> derivation,
    Optional<ByteString> shell,
    List<ByteString> environment,
    List<ByteString> programs,
    Sandbox sandbox,
    Optional<Store> store) {

  /** A command's session is deleted; an interactive shell's stays when something was changed. */
  public enum Kind {
    COMMAND,
    INTERACTIVE
  }

  /**
   * Describes the sandbox, in plain values: this room does not know the sandbox's types.
   *
   * @param network a constant of {@code Network}, in lower case
   * @param generation a constant of {@code Generation}, in lower case
   * @param system the derivation's; empty when unknown
   * @param binSh the program at {@code /bin/sh}, as seen from inside, or an empty string for none;
   *     an older version wrote none down
   * @param buildTop the place of the build directory, when the build had no sandbox
   * @param directory the build directory, as seen from inside
   * @param firstUid the first user of a {@code uid-range}
   */
  public record Sandbox(
      String network,
      String generation,
      ByteString system,
      Optional<ByteString> binSh,
      Optional<ByteString> buildTop,
      String directory,
      Optional<Long> firstUid,
      List<Shown> paths) {
    public Sandbox {
      paths = List.copyOf(paths);
    }
  }

  /**
   * Describes a host path that the sandbox shows.
   *
   * @param target as seen from inside
   * @param writable whether its owner can write to it; in the file of an older version it is not
   * @param link the content of the source, when it is a link and shown as a link
   */
  public record Shown(
      ByteString target, ByteString source, boolean writable, Optional<ByteString> link) {}

  /**
   * Describes a store by the parts of {@code LocalFSStoreConfig} (Nix's local-fs-store.hh).
   *
   * @param directory the directory that its store paths name
   * @param real the directory that has their files
   * @param uri the argument of {@code --store} for Nix's programs
   */
  public record Store(
      ByteString directory,
      ByteString real,
      ByteString state,
      ByteString logs,
      Optional<ByteString> uri) {}

  public Remembered {
    environment = List.copyOf(environment);
    programs = List.copyOf(programs);
  }

  /** Returns the same with other directories at the end of PATH. */
  Remembered with(List<ByteString> others) {
    return new Remembered(
        kind, origin, name, derivation, shell, environment, others, sandbox, store);
  }

  /** Returns the same with a derivation. */
  Remembered of(ByteString path) {
    return new Remembered(
        kind, origin, name, Optional.of(path), shell, environment, programs, sandbox, store);
  }

  private static final String VERSION = "1";

  /** Returns the file's content. */
  byte[] file() {
    Properties to = new Properties();
    to.setProperty("version", VERSION);
    to.setProperty("kind", kind.name().toLowerCase(Locale.ROOT));
    put(to, "origin", origin);
    put(to, "name", name);
    derivation.ifPresent(path -> put(to, "derivation", path));
    put(to, "shell", shell.orElse(ByteString.EMPTY));
    putAll(to, "sandbox.environment", environment);
    putAll(to, "sandbox.programs", programs);
    to.setProperty("sandbox.network", sandbox.network);
    to.setProperty("sandbox.generation", sandbox.generation);
    put(to, "sandbox.system", sandbox.system);
    sandbox.binSh.ifPresent(path -> put(to, "sandbox.shell", path));
    sandbox.buildTop.ifPresent(path -> put(to, "sandbox.build-top", path));
    to.setProperty("sandbox.directory", sandbox.directory);
    sandbox.firstUid.ifPresent(uid -> to.setProperty("sandbox.uid-range", uid.toString()));
    for (int i = 0; i < sandbox.paths.size(); i++) {
      Shown shown = sandbox.paths.get(i);
      String path = "sandbox.path." + i;
      put(to, path + ".target", shown.target);
      put(to, path + ".source", shown.source);
      if (shown.writable) {
        to.setProperty(path + ".writable", "true");
      }
      shown.link.ifPresent(link -> put(to, path + ".link", link));
    }
    store.ifPresent(
        s -> {
          put(to, "sandbox.store.directory", s.directory);
          put(to, "sandbox.store.real", s.real);
          put(to, "sandbox.store.state", s.state);
          put(to, "sandbox.store.logs", s.logs);
          s.uri.ifPresent(uri -> put(to, "sandbox.store.uri", uri));
        });
    StringBuilder file = new StringBuilder();
    for (String key : new TreeSet<>(to.stringPropertyNames())) {
      file.append(key).append('=');
      escape(file, to.getProperty(key));
      file.append('\n');
    }
    return file.toString().getBytes(StandardCharsets.US_ASCII);
  }

  /** {@link Properties#store} writes the date, too, for which it reads all time zones: 10 ms. */
  private static void escape(StringBuilder file, String value) {
    for (char c : value.toCharArray()) {
      if (c > ' ' && c <= '~' && c != '\\') {
        file.append(c);
      } else {
        file.append("\\u").append(HexFormat.of().toHexDigits(c));
      }
    }
  }

  /**
   * Reads a file's content. What an older version did not write has the value that it had then.
   *
   * @return empty when the file is damaged, or of another version
   */
  static Optional<Remembered> of(byte[] file) {
    Properties from = new Properties();
    try {
      from.load(new ByteArrayInputStream(file));
      return VERSION.equals(from.getProperty("version")) ? Optional.of(of(from)) : Optional.empty();
    } catch (IOException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static Remembered of(Properties from) {
    return new Remembered(
        Kind.valueOf(from.getProperty("kind", "").toUpperCase(Locale.ROOT)),
        get(from, "origin").orElse(ByteString.EMPTY),
        get(from, "name").orElse(ByteString.EMPTY),
        get(from, "derivation"),
        get(from, "shell").filter(path -> !path.isEmpty()),
        getAll(from, "sandbox.environment"),
        getAll(from, "sandbox.programs"),
        sandbox(from),
        get(from, "sandbox.store.real").map(real -> store(from, real)));
  }

  private static Sandbox sandbox(Properties from) {
    return new Sandbox(
        from.getProperty("sandbox.network", "loopback"),
        from.getProperty("sandbox.generation", "flat"),
        get(from, "sandbox.system").orElse(ByteString.EMPTY),
        get(from, "sandbox.shell"),
        get(from, "sandbox.build-top"),
        from.getProperty("sandbox.directory", "/build"),
        get(from, "sandbox.uid-range").map(uid -> Long.valueOf(uid.latin1())),
        from.stringPropertyNames().stream()
            .filter(key -> key.startsWith("sandbox.path.") && key.endsWith(".target"))
            .map(key -> Integer.valueOf(key.replaceAll("[^0-9]", "")))
            .sorted()
            .map(number -> shown(from, "sandbox.path." + number))
            .toList());
  }

  private static Shown shown(Properties from, String path) {
    return new Shown(
        need(from, path + ".target"),
        need(from, path + ".source"),
        Boolean.parseBoolean(from.getProperty(path + ".writable")),
        get(from, path + ".link"));
  }

  private static Store store(Properties from, ByteString real) {
    return new Store(
        need(from, "sandbox.store.directory"),
        real,
        need(from, "sandbox.store.state"),
        need(from, "sandbox.store.logs"),
        get(from, "sandbox.store.uri"));
  }

  private static void put(Properties to, String key, ByteString value) {
    to.setProperty(key, value.latin1());
  }

  private static void putAll(Properties to, String key, List<ByteString> values) {
    if (!values.isEmpty()) {
      String all = values.stream().map(v -> v.latin1() + '\0').collect(Collectors.joining());
      to.setProperty(key, all);
    }
  }

  private static List<ByteString> getAll(Properties from, String key) {
    return get(from, key).stream()
        .flatMap(all -> Stream.of(all.latin1().split("\0")))
        .map(ByteString::new)
        .toList();
  }

  private static Optional<ByteString> get(Properties from, String key) {
    return Optional.ofNullable(from.getProperty(key)).map(ByteString::new);
  }

  private static ByteString need(Properties from, String key) {
    return get(from, key).orElseThrow(() -> new IllegalArgumentException(key + " is missing"));
  }
}
