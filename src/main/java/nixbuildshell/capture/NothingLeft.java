package nixbuildshell.capture;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.store.DerivationFinder;
import nixbuildshell.store.StorePath;

/** Explains failures that leave no kept directory on this host. */
public final class NothingLeft {
  private static final String BUILTIN = "builtin:";

  private NothingLeft() {}

  /**
   * Returns a line for each such failure.
   *
   * @param moment since when the front end ran
   * @param elsewhere what other machines began to build
   * @param own whether the front end was to build this derivation here
   */
  public static List<String> lines(
      DerivationFinder finder,
      Instant moment,
      Map<StorePath, ByteString> elsewhere,
      Predicate<StorePath> own) {
    List<String> lines = new ArrayList<>();
    elsewhere.forEach(
        (drv, machine) -> {
          if (!finder.hasSucceeded(drv)) {
            lines.add(onMachine(drv.derivationName(), machine));
          }
        });
    finder.failedSince(moment).stream()
        .filter(drv -> !elsewhere.containsKey(drv) && own.test(drv))
        .forEach(drv -> lines.add(onThisHost(finder, drv)));
    if (lines.isEmpty()) {
      lines.add(
          "no build failed here: what Nix says above is about the expression, or about what it"
              + " could not fetch");
    }
    return lines;
  }

  private static String onMachine(String name, ByteString machine) {
    String text = machine.toString();
    String host = text.replaceFirst("^[a-z0-9+-]+://", "").replaceFirst("[/?].*", "");
    return name + " was built on " + text + ", which alone can have its directory: ssh " + host;
  }

  private static String onThisHost(DerivationFinder finder, StorePath drv) {
    String whole = finder.store().directory().path(drv);
    String log = "; its log: " + finder.store().command() + " --read-log " + whole;
    try {
      ByteString builder = finder.given(ByteString.of(whole)).derivation().builder();
      if (builder.startsWith(BUILTIN)) {
        return drv.derivationName()
            + " is made by a part of Nix itself ("
            + builder
            + "), which leaves no directory"
            + log;
      }
    } catch (Failure e) {
      // The derivation is gone; the log is not.
    }
    return drv.derivationName()
        + " left no directory here: another machine built it, or another user's Nix did"
        + log;
  }
}
