package nixbuildshell.capture;

import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongPredicate;
import java.util.function.Predicate;
import nixbuildshell.ByteString;
import nixbuildshell.nix.Caller;

/**
 * Holds what a {@link Reconstruction} needs besides the kept directory and the store.
 *
 * @param derivation what {@code --drv} names
 * @param cores for NIX_BUILD_CORES, where the environment is rebuilt
 * @param impure a variable of the caller's environment; {@link ImpureVariables} decides which of
 *     them a derivation with the network gets
 * @param builder whether the call of the builder is wanted
 * @param fresh whether there was no build yet, so that nothing of it can be kept
 * @param directory the build directory in a sandbox, by Nix's setting
 * @param sandbox Nix's setting of that name: true, false or relaxed
 * @param places whether a build without a sandbox can have had its directory at a path, and a
 *     sandbox can show it there
 * @param buildUsers whether Nix may have left a directory of this uid: a build user's or the
 *     caller's; a costly question, asked only about a build that may have the network
 * @param builds whether this uid is a build user's, so that nothing but builds makes its
 *     directories; as costly
 */
public record Request(
    Optional<ByteString> derivation,
    int cores,
    Function<ByteString, Optional<ByteString>> impure,
    boolean builder,
    boolean fresh,
    String directory,
    String sandbox,
    Predicate<ByteString> places,
    LongPredicate buildUsers,
    LongPredicate builds) {

  /** Returns the request of a caller on this machine. */
  public static Request of(
      Optional<ByteString> derivation,
      boolean builder,
      boolean fresh,
      Caller caller,
      Predicate<ByteString> places) {
    return new Request(
        derivation,
        Runtime.getRuntime().availableProcessors(),
        name -> caller.environment(name.latin1()),
        builder,
        fresh,
        caller.sandboxBuildDirectory(),
        caller.sandboxSetting(),
        places,
        uid -> caller.buildOwners().test(uid),
        uid -> uid != 0 && uid != caller.uid() && caller.buildOwners().test(uid));
  }
}
