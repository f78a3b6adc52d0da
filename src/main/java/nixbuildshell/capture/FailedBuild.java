package nixbuildshell.capture;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import nixbuildshell.ByteString;
import nixbuildshell.store.Derivation;
import nixbuildshell.store.StorePath;

/**
 * Holds what is known of a failed build, each fact with its source.
 *
 * @param name the derivation's, without {@code .drv}: ASCII, fit to be a file's name
 * @param derivation empty where the caller did not name it and no fact needed it
 * @param content what the derivation's file says; empty where {@code derivation} is
 * @param system for instance {@code x86_64-linux}
 * @param manifest what the setup hook wrote, when it is there and of use
 * @param notes messages for the caller, in order
 */
public record FailedBuild(
    Fact<String> name,
    Optional<Fact<StorePath>> derivation,
    Optional<Derivation> content,
    Optional<Fact<ByteString>> system,
    Run run,
    Store store,
    Sandbox sandbox,
    Optional<Manifest> manifest,
    List<Note> notes) {

  /**
   * Describes what ran, and with what.
   *
   * @param shell an absolute path of printable ASCII in the store, where it exists, or {@link
   *     Shell#SYSTEM}; empty when the build has no shell
   * @param environment where the variables come from
   * @param files what Nix had put into the build directory, to replace what cannot be read; empty
   *     when the derivation was not needed
   * @param call how Nix called the builder; only when the caller wants it or there is no shell
   */
  public record Run(
      Optional<Fact<ByteString>> shell,
      Environment environment,
      List<BuilderFile> files,
      Optional<BuilderCall> call) {
    public Run {
      files = List.copyOf(files);
    }
  }

  /**
   * Describes the build's part of the store.
   *
   * @param outputs by output name; those that are known, so perhaps none
   * @param paths all that the build saw but for its outputs, the shell's path among them; empty
   *     when that is not known
   */
  public record Store(Map<String, Fact<StorePath>> outputs, Optional<Fact<List<StorePath>>> paths) {
    public Store {
      outputs = Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
    }
  }

  /**
   * Describes how the build was confined.
   *
   * @param unsandboxedTop the build's NIX_BUILD_TOP, when no sandbox has it: paths in the
   *     environment point there, and the build saw the whole store. Where the sandbox can show it,
   *     it is {@code directory}, too
   * @param uidRange whether the build was root of 65536 users, as its derivation says
   * @param directory the build directory, as seen from inside
   */
  public record Sandbox(
      HostNetwork network,
      Optional<Fact<ByteString>> unsandboxedTop,
      boolean uidRange,
      String directory) {}

  /** Tells where the session's variables come from. */
  public sealed interface Environment {}

  /**
   * Says that bash sources the {@code env-vars} of the kept directory as it is.
   *
   * @param envVars the file as it was checked
   */
  public record Kept(ByteString envVars) implements Environment {}

  /** Holds a file to be written in place of {@code env-vars}. */
  public record Rebuilt(RebuiltEnvVars envVars) implements Environment {}

  /**
   * Holds what {@code execve} passes: without a bash, nothing can source {@code env-vars}.
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
    notes = List.copyOf(notes);
  }
}
