package nixbuildshell.cli;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import nixbuildshell.ByteString;
import nixbuildshell.enter.Options;
import nixbuildshell.sandbox.BinSh;
import nixbuildshell.sandbox.Network;
import nixbuildshell.store.EndOrder;

/**
 * Recognises {@code [OPTIONS] DIR [COMMAND...]} without picocli, whose classes would delay the
 * prompt. It leaves every other command line to {@link CommandLineSyntax}, which also explains what
 * is wrong with one. Both accept the same grammar, and {@code CommandLineTest} holds them to it.
 */
final class PlainForm {
  /** The subcommands of {@link CommandLineSyntax}: their names win over a directory's. */
  static final Set<String> SUBCOMMANDS =
      Set.of("attach", "build", "clean", "diff", "doctor", "fresh", "list", "path", "retry");

  private static final Set<String> FLAGS = Set.of("--builder", "--explain");
  private static final Set<String> QUIET = Set.of("-q", "--quiet");
  private static final Set<String> VALUES =
      Set.of("--drv", "--store", "--work-dir", "--network", "--bin-sh");
  private static final String SANDBOX_PATH = "--sandbox-path";
  private static final String WITH = "--with";
  private static final Pattern VERBOSE = Pattern.compile("-v+");

  /** The values of {@code --network}. */
  static final Map<String, Network> NETWORKS =
      Map.of("host", Network.HOST, "none", Network.LOOPBACK);

  /** The values of {@code --bin-sh}. */
  static final Map<String, BinSh> BIN_SH = Map.of("build", BinSh.BUILD, "nix", BinSh.NIX);

  private final List<ByteString> words;
  private final Map<String, ByteString> values = new HashMap<>();
  private final Map<String, List<ByteString>> repeated =
      Map.of(SANDBOX_PATH, new ArrayList<>(), WITH, new ArrayList<>());
  private int verbosity;
  private int at;

  private PlainForm(List<ByteString> words) {
    this.words = words;
  }

  /** Returns what the caller asks for; empty when picocli has to look at the command line. */
  static Optional<Options> parse(List<ByteString> words) {
    PlainForm form = new PlainForm(words);
    return form.takeOptions() ? form.options() : Optional.empty();
  }

  /** Returns how many of the first words are options with their values. */
  static int optionsAt(List<ByteString> words) {
    PlainForm form = new PlainForm(words);
    int end = 0;
    while (form.at < words.size() && isOption(words.get(form.at)) && form.takeOption()) {
      end = form.at;
    }
    return end;
  }

  private boolean takeOptions() {
    while (at < words.size() && isOption(words.get(at))) {
      if (words.get(at).latin1().equals("--")) {
        return ++at < words.size();
      } else if (!takeOption()) {
        return false;
      }
    }
    return at < words.size() && !SUBCOMMANDS.contains(words.get(at).latin1());
  }

  private boolean takeOption() {
    String word = words.get(at++).latin1();
    if (QUIET.contains(word)) {
      return isFirst("--quiet", ByteString.EMPTY);
    } else if (word.equals("--verbose")) {
      verbosity++;
    } else if (VERBOSE.matcher(word).matches()) {
      verbosity += word.length() - 1;
    } else {
      return FLAGS.contains(word) ? isFirst(word, ByteString.EMPTY) : takeValue(word);
    }
    return true;
  }

  /** Takes {@code --name=value} or {@code --name value}. */
  private boolean takeValue(String word) {
    int equals = word.indexOf('=');
    String name = equals < 0 ? word : word.substring(0, equals);
    if (equals < 0 && (at == words.size() || isOption(words.get(at)))) {
      return false;
    }
    if (!VALUES.contains(name) && !repeated.containsKey(name)) {
      return false;
    }
    ByteString value = equals < 0 ? words.get(at++) : new ByteString(word.substring(equals + 1));
    return repeated.containsKey(name) ? repeated.get(name).add(value) : isFirst(name, value);
  }

  private static boolean isOption(ByteString word) {
    return word.startsWith("-") && word.length() > 1;
  }

  private boolean isFirst(String name, ByteString value) {
    return values.put(name, value) == null;
  }

  private Optional<Options> options() {
    ByteString directory = words.get(at++);
    boolean delimited = at < words.size() && words.get(at).latin1().equals("--");
    List<ByteString> command = List.copyOf(words.subList(delimited ? at + 1 : at, words.size()));
    Optional<String> network = value("--network").map(ByteString::latin1);
    Optional<String> binSh = value("--bin-sh").map(ByteString::latin1);
    boolean builder = values.containsKey("--builder");
    if (builder && !command.isEmpty()
        || builder && !repeated.get(WITH).isEmpty()
        || !network.map(NETWORKS::containsKey).orElse(true)
        || !binSh.map(BIN_SH::containsKey).orElse(true)) {
      return Optional.empty();
    }
    return Optional.of(
        new Options(
            directory,
            command,
            value("--drv"),
            value("--store"),
            value("--work-dir"),
            network.map(NETWORKS::get),
            binSh.map(BIN_SH::get),
            List.copyOf(repeated.get(SANDBOX_PATH)),
            List.copyOf(repeated.get(WITH)),
            builder,
            values.containsKey("--explain"),
            Optional.empty(),
            EndOrder.UNKNOWN,
            Optional.empty(),
            values.containsKey("--quiet"),
            verbosity));
  }

  private Optional<ByteString> value(String name) {
    return Optional.ofNullable(values.get(name));
  }
}
