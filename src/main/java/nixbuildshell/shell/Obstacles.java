package nixbuildshell.shell;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import nixbuildshell.ByteString;
import nixbuildshell.console.ShellWord;
import nixbuildshell.files.ProgramLoader;

/**
 * Tells from the end of a build log what the sandbox lacks by its nature: a network, a home
 * directory, the loader of a program that was built elsewhere.
 *
 * @param offline whether the build is known to have had no network
 * @param missing looks for an executable file that is in the sandbox, while its loader is not. The
 *     path is absolute or relative to where the build failed
 */
public record Obstacles(boolean offline, Function<ByteString, Optional<ProgramLoader>> missing) {
  /** Tells nothing. */
  public static final Obstacles NONE = new Obstacles(false, path -> Optional.empty());

  private static final int MOST_PATHS = 20;

  /** Matches what resolvers say: of C libraries, busybox, curl, Go, Rust, Java and Node.js. */
  private static final Pattern NO_HOST =
      Pattern.compile(
          "[Cc]ould not resolve |[Tt]emporary failure in name resolution"
              + "|[Nn]ame or service not known|bad address '|[Nn]etwork is unreachable"
              + "|dial tcp: lookup |failed to lookup address information|UnknownHostException"
              + "|getaddrinfo (?:EAI_AGAIN|ENOTFOUND) ");

  private static final String PATH = "[A-Za-z0-9+._@%~=-]*(?:/[A-Za-z0-9+._@%~=-]+)+";

  /**
   * Matches a program that was not found: as shells, make, env and Perl name it, as Python does,
   * and as cargo and Node.js do.
   */
  private static final Pattern NOT_FOUND =
      Pattern.compile(
          ("(PATH)['\"]?: (?:cannot execute: required file not found|[Nn]o such file or directory"
                  + "|not found|PATH: bad interpreter)"
                  + "|[Nn]o such file or directory: ['\"]?(PATH)"
                  + "|(?:could not execute process `|spawn )(PATH)")
              .replace("PATH", PATH));

  private static final String HOME = "/homeless-shelter";

  /** Returns what is known of lines that programs wrote, a sentence each. */
  List<String> in(List<ByteString> log) {
    List<String> sentences = new ArrayList<>();
    log.stream()
        .flatMap(line -> NOT_FOUND.matcher(line.latin1()).results())
        .map(Obstacles::path)
        .distinct()
        .limit(MOST_PATHS)
        .flatMap(path -> cannotStart(path).stream())
        .findFirst()
        .ifPresent(sentences::add);
    if (offline && log.stream().anyMatch(line -> NO_HOST.matcher(line.latin1()).find())) {
      sentences.add(
          "the build had no network: Nix gives one to fixed-output derivations alone, such as"
              + " fetchurl's. Try: fetch in one; here, nix-build-shell --network host opens the"
              + " host's");
    }
    if (log.stream().anyMatch(line -> line.latin1().contains(HOME))) {
      sentences.add(
          "HOME is "
              + HOME
              + ", which is not there and cannot be made. Try: export HOME=$TMPDIR; retry");
    }
    return sentences;
  }

  private static ByteString path(MatchResult found) {
    int group = found.group(1) != null ? 1 : found.group(2) != null ? 2 : 3;
    return new ByteString(found.group(group));
  }

  /** Returns the sentence for a program that cannot start; empty when nothing is known of it. */
  public Optional<String> cannotStart(ByteString path) {
    return missing
        .apply(path)
        .map(
            loader ->
                "cannot start "
                    + ShellWord.quote(path)
                    + ": it is there, but its "
                    + (loader.script() ? "interpreter " : "loader ")
                    + ShellWord.quote(loader.path())
                    + " is not in the sandbox. Try: "
                    + (loader.script()
                        ? "patchShebangs"
                        : "autoPatchelfHook, or patchelf --set-interpreter"));
  }
}
