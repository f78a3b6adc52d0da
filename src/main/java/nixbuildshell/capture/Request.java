package nixbuildshell.capture;

import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongPredicate;
import nixbuildshell.ByteString;

/**
 * What somebody who asks for a {@link Reconstruction} brings along.
 *
 * @param derivation what {@code --drv} says
 * @param cores for NIX_BUILD_CORES, where it has to be rebuilt
 * @param impure the caller's environment, for what a derivation with the network lets through and
 *     {@link ImpureVariables} allows
 * @param builder whether the call of the builder is wanted
 * @param builders whether Nix may have left a directory of this user's: one whom it builds as, or
 *     the caller
 */
public record Request(
    Optional<ByteString> derivation,
    int cores,
    Function<ByteString, Optional<ByteString>> impure,
    boolean builder,
    LongPredicate builders) {}
