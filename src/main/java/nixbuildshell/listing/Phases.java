package nixbuildshell.listing;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import nixbuildshell.ByteString;
import nixbuildshell.store.Derivation;

/**
 * Says which phases of a build ran, which failed, and which would have followed.
 *
 * @param done in the order of the build log
 * @param failed empty when it is not known
 */
record Phases(List<String> done, Optional<String> failed, List<String> toCome) {
  /** The order of {@code genericBuild} in stdenv's setup.sh; a variable names more phases. */
  private static final String ORDER =
      "$prePhases unpackPhase patchPhase $preConfigurePhases configurePhase $preBuildPhases"
          + " buildPhase checkPhase $preInstallPhases installPhase $preFixupPhases fixupPhase"
          + " installCheckPhase $preDistPhases distPhase $postPhases";

  /** The variables by which {@code runPhase} skips a phase. */
  private static final Map<String, String> SKIPPED_BY =
      Map.of(
          "unpackPhase", "dontUnpack",
          "patchPhase", "dontPatch",
          "configurePhase", "dontConfigure",
          "buildPhase", "dontBuild",
          "installPhase", "dontInstall",
          "fixupPhase", "dontFixup");

  /** The variables without which {@code runPhase} skips a phase. */
  private static final Map<String, String> WANTED_BY =
      Map.of(
          "checkPhase", "doCheck",
          "installCheckPhase", "doInstallCheck",
          "distPhase", "doDist");

  /**
   * Tells the phases of a build.
   *
   * @param derivation empty when it is not known; then no phases are to come
   * @param ofLog the phases that the log names
   * @param failed what the manifest says; without it, it is the log's last
   */
  static Phases of(Optional<Derivation> derivation, List<String> ofLog, Optional<String> failed) {
    Optional<String> last =
        failed.or(
            () -> ofLog.isEmpty() ? Optional.empty() : Optional.of(ofLog.get(ofLog.size() - 1)));
    Set<String> done = new LinkedHashSet<>(ofLog);
    last.ifPresent(done::remove);
    List<String> all = derivation.map(Phases::all).orElse(List.of());
    int at = last.map(all::indexOf).orElse(-1);
    return new Phases(
        List.copyOf(done), last, at < 0 ? List.of() : List.copyOf(all.subList(at + 1, all.size())));
  }

  private static List<String> all(Derivation derivation) {
    List<String> all = new ArrayList<>();
    if (derivation.variable("stdenv").isEmpty() && !derivation.hasStructuredAttributes()) {
      return all;
    }
    List<ByteString> own = derivation.strings("phases");
    if (!own.isEmpty()) {
      own.forEach(phase -> all.add(phase.toString()));
      return all;
    }
    for (String word : ORDER.split(" ")) {
      if (word.startsWith("$")) {
        derivation.strings(word.substring(1)).forEach(phase -> all.add(phase.toString()));
      } else if (runs(derivation, word)) {
        all.add(word);
      }
    }
    return all;
  }

  private static boolean runs(Derivation derivation, String phase) {
    String skipped = SKIPPED_BY.get(phase);
    String wanted = WANTED_BY.get(phase);
    return (skipped == null || !derivation.isOn(skipped))
        && (wanted == null || derivation.isOn(wanted));
  }
}
