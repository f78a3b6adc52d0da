package nixbuildshell.capture;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import nixbuildshell.ByteString;
import nixbuildshell.store.StorePath;

/**
 * What is known of a failed build, each fact with its source.
 *
 * @param name the derivation's, without {@code .drv}: ASCII, fit to be a file's name
 * @param shell the build's, an absolute path of printable ASCII in the store, where it exists, or
 *     {@link Shell#SYSTEM}; empty when the build has none
 * @param environment where the variables come from
 * @param outputs by output name; only those that are known, so perhaps none
 * @param derivation when it was given or had to be found
 * @param system for instance {@code x86_64-linux}
 * @param hostNetwork whether it had the host's network, which the derivation alone can tell:
 *     whoever wrote {@code env-vars} has no say in that; empty too when nothing confirms that this
 *     derivation left the directory
 * @param doubtOfHostNetwork why a build that seems to have had it does not count as such
 * @param unsandboxedTop the build's NIX_BUILD_TOP, when it is not {@code /build}: paths in the
 *     environment point there, and it saw the whole store
 * @param storePaths all that the build saw of the store but for its outputs, the shell's path among
 *     them; empty when that is not known
 * @param builderFiles what Nix had put into the build directory, to take the place of what cannot
 *     be read; empty when it was not needed to know
 * @param call how the builder was called; only when that was asked for or there is no shell
 * @param uidRange whether it was root of 65536 users, as its derivation says
 * @param manifest what the setup hook wrote, when it is there and of use
 * @param notes for the person, in order
 */
public record FailedBuild(
    Known<String> name,
    Optional<Known<ByteString>> shell,
    Environment environment,
    Map<String, Known<StorePath>> outputs,
    Optional<Known<StorePath>> derivation,
    Optional<Known<ByteString>> system,
    Optional<Known<Boolean>> hostNetwork,
    Optional<String> doubtOfHostNetwork,
    Optional<Known<ByteString>> unsandboxedTop,
    Optional<Known<List<StorePath>>> storePaths,
    List<BuilderFile> builderFiles,
    Optional<BuilderCall> call,
    boolean uidRange,
    Optional<Manifest> manifest,
    List<Note> notes) {

  /** Where the variables come from in the session. */
  public sealed interface Environment {}

  /** From {@code env-vars} in the kept directory, which bash sources as it is. */
  public record Kept() implements Environment {}

  /** From a file to be written in its place. */
  public record Rebuilt(RebuiltEnvVars envVars) implements Environment {}

  /**
   * From the kernel: without a bash, nothing can source {@code env-vars}.
   *
   * @param variables the whole environment
   */
  public record Given(Map<ByteString, ByteString> variables) implements Environment {
    public Given {
      variables = Collections.unmodifiableMap(new TreeMap<>(variables));
    }

    static Given of(EnvVars env, Map<ByteString, ByteString> more) {
      Map<ByteString, ByteString> variables = new TreeMap<>();
      env.values().forEach((name, value) -> variables.put(new ByteString(name), value));
      variables.putAll(more);
      return new Given(variables);
    }
  }

  public FailedBuild {
    outputs = Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
    builderFiles = List.copyOf(builderFiles);
    notes = List.copyOf(notes);
  }
}
