package nixbuildshell.nix;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import nixbuildshell.ByteString;

/**
 * Nix's settings as its configuration file has them, {@code nix.conf(5)}: lines {@code name =
 * value}, comments behind {@code #}, the last one counts.
 */
public record Configuration(ByteString text) {
  private static final Pattern EQUALS = Pattern.compile("\\s*=\\s*");

  /** Those of this host. */
  public static Configuration ofHost(Optional<ByteString> more) {
    return read(Path.of("/etc/nix/nix.conf"), more);
  }

  /**
   * The settings of this host.
   *
   * @param file {@code /etc/nix/nix.conf}; empty settings when it cannot be read
   * @param more the environment variable {@code NIX_CONFIG}, which comes last
   */
  public static Configuration read(Path file, Optional<ByteString> more) {
    return new Configuration(new ByteString(ConfigurationFile.text(file))).plus(more);
  }

  /**
   * The settings as Nix itself sees them: with its compiled-in defaults, included files and the
   * caller's own file.
   *
   * @param nix the program {@code nix}
   */
  public static Configuration ask(NixProgram nix) throws NixProgram.Unanswered {
    List<String> command = List.of("--extra-experimental-features", "nix-command");
    try {
      return new Configuration(nix.run(plus(command, "show-config")));
    } catch (NixProgram.Unanswered e) {
      // Nix 2.20 renamed it; the old name is to go.
      return new Configuration(nix.run(plus(command, "config", "show")));
    }
  }

  /**
   * With the environment variable {@code NIX_CONFIG} behind it, as Nix has it. Root's is read so,
   * and not by a {@link NixProgram}: what it sets is text here, and loads nothing.
   */
  public Configuration plus(Optional<ByteString> more) {
    return new Configuration(text.plus("\n").plus(more.orElse(ByteString.EMPTY)));
  }

  private static List<String> plus(List<String> words, String... more) {
    return Stream.concat(words.stream(), Stream.of(more)).toList();
  }

  /** The words of settings that are lists, those of all of them together. */
  public List<ByteString> words(String... names) {
    return Stream.of(names)
        .flatMap(name -> get(name).stream())
        .flatMap(value -> Stream.of(value.latin1().split("[ \\t\\n\\r]+")))
        .filter(word -> !word.isEmpty())
        .map(ByteString::new)
        .toList();
  }

  /** The value of a setting; empty when it is not set. */
  public Optional<ByteString> get(String name) {
    return text.latin1()
        .lines()
        .map(line -> EQUALS.split(line.split("#", 2)[0].strip(), 2))
        .filter(setting -> setting.length == 2 && setting[0].equals(name))
        .map(setting -> new ByteString(setting[1]))
        .reduce((earlier, later) -> later);
  }

  /** Whether a setting is on; anything but what Nix takes for a yes or no is as if not set. */
  public boolean isOn(String name, boolean byDefault) {
    return switch (get(name).map(ByteString::latin1).orElse("")) {
      case "true", "yes", "1" -> true;
      case "false", "no", "0" -> false;
      default -> byDefault;
    };
  }
}
