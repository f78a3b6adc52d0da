package nixbuildshell.listing;

import java.util.Optional;

/**
 * Holds what a list tells of a build that runs.
 *
 * @param phase the last one that its log names; empty where Nix compresses the log, which then
 *     stays in Nix's memory
 * @param owner the name of the build user
 */
record RunningRow(RunningBuild build, Optional<String> phase, String owner) {}
