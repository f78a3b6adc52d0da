package nixbuildshell.capture;

import java.util.ArrayList;
import java.util.List;
import nixbuildshell.capture.EnvVarsSource.Unusable;
import nixbuildshell.store.Derivation;
import nixbuildshell.store.DerivationFinder.Found;

/**
 * What there is to say of an environment that comes from the derivation, and not from the build.
 */
final class Inexact {
  private Inexact() {}

  /**
   * @param why {@code env-vars} does not do
   */
  static List<Note> notes(Found source, FailedBuild.Environment environment, Unusable why) {
    List<Note> notes = new ArrayList<>();
    boolean script = environment instanceof FailedBuild.Rebuilt;
    String rebuilt =
        (script ? "env-vars is rebuilt from " : "the variables are those of ") + source.describe();
    if (why.isOdd()) {
      notes.add(Note.warning(rebuilt + " because " + why.getMessage()));
    } else {
      notes.add(Note.warning(rebuilt));
      notes.add(Note.detail("the kept env-vars: " + why.getMessage()));
    }
    Derivation derivation = source.derivation();
    if (derivation.outputPaths().size() < derivation.outputs().size()) {
      notes.add(
          Note.warning(
              "output paths are placeholders: what was built is another derivation, to which Nix"
                  + " resolved this one; where it is in the store, --drv can name it"));
    } else if (derivation.isImpure()) {
      notes.add(Note.warning("the output's path was a random one, and is another one now"));
    }
    if (environment instanceof FailedBuild.Rebuilt sourced
        && !sourced.envVars().undeclarable().isEmpty()) {
      notes.add(Note.detail("bash cannot declare " + sourced.envVars().undeclarable().keySet()));
    }
    return notes;
  }
}
