package nixbuildshell.store;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import nixbuildshell.ByteString;
import nixbuildshell.files.Answers;
import nixbuildshell.nix.NixProgram;
import nixbuildshell.nix.NixProgram.Unanswered;

/**
 * Remembers what build logs say. Nix compresses them, and only Nix's own program reads them. The
 * next build of a derivation writes another log.
 *
 * @param asking is told of each derivation whose log Nix is about to be asked for
 */
public record RememberedLogs(NixStore store, Answers answers, Consumer<StorePath> asking) {
  private static final String KIND = "log";

  /**
   * Returns what a derivation's log says.
   *
   * @param nixStore the program of that name
   */
  public LogText read(StorePath derivation, NixProgram nixStore) throws Unanswered {
    Optional<ByteString> question = BuildLogs.of(store).identity(derivation).map(ByteString::of);
    Optional<LogText> known =
        question.flatMap(it -> answers.get(KIND, it)).map(RememberedLogs::parse);
    if (known.isPresent()) {
      return known.get();
    }
    asking.accept(derivation);
    LogText said = new StoreQuery(nixStore, store).log(derivation);
    question.ifPresent(it -> answers.put(KIND, it, text(said)));
    return said;
  }

  /** Writes a line for each part, with a letter that says which. */
  private static ByteString text(LogText said) {
    StringBuilder text = new StringBuilder(said.missesBinSh() ? "s\n" : "");
    said.phases().forEach(phase -> text.append('p').append(phase).append('\n'));
    said.directories().forEach(path -> text.append('d').append(path.latin1()).append('\n'));
    said.end().forEach(line -> text.append('e').append(line.latin1()).append('\n'));
    return new ByteString(text.toString());
  }

  private static LogText parse(ByteString text) {
    List<String> phases = new ArrayList<>();
    boolean missesBinSh = false;
    Set<ByteString> directories = new LinkedHashSet<>();
    List<ByteString> end = new ArrayList<>();
    for (String line : text.latin1().split("\n")) {
      String value = line.isEmpty() ? "" : line.substring(1);
      switch (line.isEmpty() ? ' ' : line.charAt(0)) {
        case 's' -> missesBinSh = true;
        case 'p' -> phases.add(value);
        case 'd' -> directories.add(new ByteString(value));
        case 'e' -> end.add(new ByteString(value));
        default -> {} // An empty log.
      }
    }
    return new LogText(phases, missesBinSh, directories, end);
  }
}
