package nixbuildshell.capture;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.console.ShellWord;
import nixbuildshell.nix.Builders;
import nixbuildshell.store.Derivation;
import nixbuildshell.store.DerivationFinder;
import nixbuildshell.store.StorePath;

/**
 * Explains failures that leave no kept directory on this host.
 *
 * @param finder reads build logs, too
 * @param builders the machines that may have built
 */
public record NothingLeft(DerivationFinder finder, Builders builders) {
  private static final String BUILTIN = "builtin:";

  private static final Pattern URI =
      Pattern.compile("ssh(?:-ng)?://([^/?]*?)(?::([0-9]{1,5}))?(?:[/?].*)?");

  /** Matches the line in which the other machine's Nix names the directory. */
  private static final Pattern KEPT =
      Pattern.compile("note: keeping build directory ['\"](/[A-Za-z0-9+._?=/-]+)['\"]");

  /**
   * Returns a line for each build that a machine failed to make, so that only that machine can have
   * the directory.
   *
   * @param elsewhere what other machines began to build
   */
  public List<String> elsewhere(Map<StorePath, ByteString> elsewhere) {
    List<String> lines = new ArrayList<>();
    elsewhere.forEach(
        (drv, machine) -> {
          if (!finder.hasSucceeded(drv)) {
            lines.add(
                drv.derivationName() + " was built on " + on(List.of(machine.toString()), drv));
          }
        });
    return lines;
  }

  /**
   * Returns a line for each failure that has a log and no directory here.
   *
   * @param moment since when the front end ran
   * @param own whether the front end was to build this derivation, and nothing else tells of it
   */
  public List<String> here(Instant moment, Predicate<StorePath> own) {
    return finder.failedSince(moment).stream().filter(own).map(this::onThisHost).toList();
  }

  /** Returns the line for a front end that failed, when no build failed. */
  public static String noBuild() {
    return "no build failed here: what Nix says above is about the expression, or about what it"
        + " could not fetch";
  }

  private String onThisHost(StorePath drv) {
    Optional<Derivation> derivation = derivation(drv);
    String name = drv.derivationName();
    Optional<ByteString> builtin =
        derivation.map(Derivation::builder).filter(builder -> builder.startsWith(BUILTIN));
    if (builtin.isPresent()) {
      return name
          + " is made by a part of Nix itself ("
          + builtin.get()
          + "), which leaves no directory"
          + log(drv);
    }
    List<String> machines = derivation.map(this::machines).orElse(List.of());
    return machines.isEmpty()
        ? name
            + " left no directory here: another machine built it, or another user's Nix did"
            + log(drv)
        : name + " left no directory here; it may have been built on " + on(machines, drv);
  }

  private Optional<Derivation> derivation(StorePath drv) {
    try {
      ByteString whole = ByteString.of(finder.store().directory().path(drv));
      return Optional.of(finder.given(whole).derivation());
    } catch (Failure e) {
      return Optional.empty(); // It is gone; the log is not.
    }
  }

  private List<String> machines(Derivation derivation) {
    return builders.forBuild(
        derivation.system().latin1(),
        derivation.strings("requiredSystemFeatures").stream()
            .map(ByteString::latin1)
            .collect(Collectors.toSet()));
  }

  private String log(StorePath drv) {
    return "; its log: "
        + finder.store().command()
        + " --read-log "
        + finder.store().directory().path(drv);
  }

  /** Returns the machines, and the commands that lead to the directory. */
  private String on(List<String> machines, StorePath drv) {
    Optional<String> directory =
        finder.texts().apply(drv).end().stream()
            .map(line -> KEPT.matcher(line.latin1()))
            .filter(Matcher::matches)
            .map(line -> line.group(1))
            .reduce((earlier, later) -> later);
    List<String> commands =
        machines.stream().flatMap(machine -> ssh(machine, directory).stream()).toList();
    return String.join(" or ", machines)
        + (directory.isPresent() ? ", where its directory is" : ", where its directory would be")
        + (commands.isEmpty() ? "" : ": " + String.join(" or ", commands));
  }

  /** Returns the command to type; empty for a store that is no other host's. */
  private static Optional<String> ssh(String machine, Optional<String> directory) {
    Matcher uri = URI.matcher(machine);
    if (!uri.matches()) {
      return Optional.empty();
    }
    String port = uri.group(2) == null ? "" : "-p " + uri.group(2) + " ";
    String host = port + ShellWord.quote(ByteString.of(uri.group(1)));
    return Optional.of(
        directory.map(path -> "ssh -t " + host + " nix-build-shell " + path).orElse("ssh " + host));
  }
}
