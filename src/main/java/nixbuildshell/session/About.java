package nixbuildshell.session;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;

/**
 * What a session is about, as its file {@code session.properties} says. (Properties spell bytes
 * beyond ASCII as escapes, so that a path of any bytes comes back as it was.)
 *
 * @param kind what becomes of the session when its run is over
 * @param origin the kept directory that it was copied from
 * @param name the derivation's, or what stands for it
 * @param shell the build's shell, so that the session can be entered again
 * @param sandbox what else its sandbox is made from again, by name
 */
public record About(
    Kind kind,
    ByteString origin,
    ByteString name,
    ByteString shell,
    Map<String, ByteString> sandbox) {

  public About {
    sandbox = Map.copyOf(sandbox);
  }

  /** A command's session is deleted; an interactive shell's stays when something was changed. */
  public enum Kind {
    COMMAND,
    INTERACTIVE
  }

  private static final String VERSION = "1";
  private static final String SANDBOX = "sandbox.";

  byte[] file() {
    Properties properties = new Properties();
    properties.setProperty("version", VERSION);
    properties.setProperty("kind", kind.name().toLowerCase(Locale.ROOT));
    properties.setProperty("origin", origin.latin1());
    properties.setProperty("name", name.latin1());
    properties.setProperty("shell", shell.latin1());
    sandbox.forEach((key, value) -> properties.setProperty(SANDBOX + key, value.latin1()));
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    try {
      properties.store(file, null);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return file.toByteArray();
  }

  /** Empty when this is no such file, or one of another version. */
  static Optional<About> of(byte[] file) {
    Properties properties = new Properties();
    try {
      properties.load(new ByteArrayInputStream(file));
      if (!VERSION.equals(properties.getProperty("version"))) {
        return Optional.empty();
      }
      return Optional.of(
          new About(
              Kind.valueOf(properties.getProperty("kind", "").toUpperCase(Locale.ROOT)),
              new ByteString(properties.getProperty("origin", "")),
              new ByteString(properties.getProperty("name", "")),
              new ByteString(properties.getProperty("shell", "")),
              sandbox(properties)));
    } catch (IOException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static Map<String, ByteString> sandbox(Properties properties) {
    return properties.stringPropertyNames().stream()
        .filter(key -> key.startsWith(SANDBOX))
        .collect(
            Collectors.toMap(
                key -> key.substring(SANDBOX.length()),
                key -> new ByteString(properties.getProperty(key))));
  }
}
