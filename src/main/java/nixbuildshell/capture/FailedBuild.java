package nixbuildshell.capture;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import nixbuildshell.ByteString;

/**
 * What is known of a failed build, each fact with its source.
 *
 * @param name the derivation's, without {@code .drv}: ASCII, fit to be a file's name
 * @param shell the build's bash, an absolute path of printable ASCII in the store, where it exists
 * @param environment what the shell has to source
 * @param outputs by output name; only those that are known, so perhaps none
 * @param derivation when it was given or had to be found
 * @param system for instance {@code x86_64-linux}
 * @param fixedOutput known from the derivation alone: it decides on the network, and whoever wrote
 *     {@code env-vars} has no say in that; empty too when nothing confirms that this derivation
 *     left the directory
 * @param doubtOfFixedOutput why a build that seems to be fixed-output does not count as such
 * @param unsandboxedTop the build's NIX_BUILD_TOP, when it is not {@code /build}: paths in the
 *     environment point there, and it saw the whole store
 * @param storePaths all that the build saw of the store but for its outputs, the shell's path among
 *     them; empty when that is not known
 * @param manifest what the setup hook wrote, when it is there and of use
 * @param notes for the person, in order
 */
public record FailedBuild(
    Known<String> name,
    Known<ByteString> shell,
    Environment environment,
    Map<String, Known<StorePath>> outputs,
    Optional<Known<StorePath>> derivation,
    Optional<Known<ByteString>> system,
    Optional<Known<Boolean>> fixedOutput,
    Optional<String> doubtOfFixedOutput,
    Optional<Known<ByteString>> unsandboxedTop,
    Optional<Known<List<StorePath>>> storePaths,
    Optional<Manifest> manifest,
    List<Note> notes) {

  /** What {@code /build/env-vars} has to be in the session. */
  public sealed interface Environment {}

  /** The file in the kept directory, as it is. */
  public record Kept() implements Environment {}

  /** A file to be written in its place. */
  public record Rebuilt(RebuiltEnvVars envVars) implements Environment {}

  public FailedBuild {
    outputs = Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
    notes = List.copyOf(notes);
  }
}
