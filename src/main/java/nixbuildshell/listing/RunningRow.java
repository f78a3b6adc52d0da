package nixbuildshell.listing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import nixbuildshell.attach.Pause;
import nixbuildshell.attach.RunningBuild;
import nixbuildshell.nix.Caller;

/**
 * Holds what a list tells of a build that runs.
 *
 * @param phase the phase that failed, of a build that waits; else the last that its log names,
 *     which is empty where Nix compresses the log: that then stays in Nix's memory
 * @param uid of the build user
 * @param started empty where the host does not tell
 * @param paused whether it waits at its failure; empty where the caller may not look into it
 */
record RunningRow(
    RunningBuild build,
    Optional<String> phase,
    long uid,
    String owner,
    Optional<Instant> started,
    Optional<Boolean> paused) {

  /** Describes a build; empty when it has ended meanwhile. */
  static Optional<RunningRow> of(RunningBuild build, Caller caller, Optional<String> phaseOfLog) {
    try {
      Object owner = Files.getAttribute(Path.of("/proc/" + build.pid()), "unix:uid");
      long uid = (Integer) owner & 0xFFFFFFFFL;
      boolean visible = caller.isRoot() || uid == caller.uid();
      return Optional.of(
          new RunningRow(
              build,
              build.id().isPresent() ? build.pause().map(Pause::phase) : phaseOfLog,
              uid,
              caller.accounts().nameOf(uid),
              ProcessHandle.of(build.pid()).flatMap(process -> process.info().startInstant()),
              Optional.of(build.id().isPresent()).filter(any -> visible)));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  String state() {
    return paused.map(waits -> waits ? "waits" : "runs").orElse("-");
  }
}
