package nixbuildshell.store;

import java.time.Instant;
import java.util.Optional;

/**
 * Holds what the times and the name of a kept directory say.
 *
 * @param identity tells one directory from another
 * @param derivation the derivation's name, where the directory's name bears it
 * @param worker the process of Nix's that made it, where the directory's name bears that
 * @param birth empty where the file system knows none
 * @param changed its ctime
 */
public record KeptTimes(
    String identity,
    Optional<String> derivation,
    Optional<Long> worker,
    Optional<Instant> birth,
    Instant changed) {}
