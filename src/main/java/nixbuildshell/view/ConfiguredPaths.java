package nixbuildshell.view;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.BooleanSupplier;
import nixbuildshell.ByteString;
import nixbuildshell.console.ProcessBytes;
import nixbuildshell.files.FileSystem;
import nixbuildshell.nix.Configuration;
import nixbuildshell.nix.NixProgram;
import nixbuildshell.nix.NixSettings;
import nixbuildshell.sandbox.SandboxPath;

/**
 * The paths of the host that Nix's own settings let a sandbox see: {@code sandbox-paths} those of
 * every build, {@code allowed-impure-host-deps} those that a derivation asks for.
 */
public final class ConfiguredPaths {
  private final FileSystem files;
  private final BooleanSupplier cancelled;
  private FutureTask<Configuration> question;

  /**
   * @param cancelled whether to stop waiting for Nix; then a {@link CancellationException} is
   *     thrown
   */
  public ConfiguredPaths(FileSystem files, BooleanSupplier cancelled) {
    this.files = files;
    this.cancelled = cancelled;
  }

  /** Asks Nix for its settings, and meanwhile comes back. */
  public void ask() {
    if (question == null) {
      question = new FutureTask<>(this::settings);
      Thread thread = new Thread(question, "Nix's settings");
      thread.setDaemon(true);
      thread.start();
    }
  }

  public boolean isAsked() {
    return question != null;
  }

  /** Those of every build. */
  public List<SandboxPath> always() {
    return answer().words("sandbox-paths", "extra-sandbox-paths").stream()
        .map(SandboxPath::parse)
        .toList();
  }

  /**
   * Those of a build.
   *
   * @param asked what its derivation asks for; it counts where a setting names it or what it is in,
   *     and before what every build sees at the same place
   */
  public List<SandboxPath> of(List<ByteString> asked) {
    List<SandboxPath> paths = new ArrayList<>(always());
    List<String> allowed = asked.isEmpty() ? List.of() : allowed();
    for (ByteString path : asked) {
      // Nix lets it be missing, whatever was asked for.
      SandboxPath there = new SandboxPath(path, path, true);
      if (there.problem().isEmpty() && isWithin(there.target().latin1(), allowed)) {
        paths.add(there);
      }
    }
    return paths;
  }

  private List<String> allowed() {
    return answer().words("allowed-impure-host-deps", "extra-allowed-impure-host-deps").stream()
        .map(ByteString::latin1)
        .map(prefix -> prefix.endsWith("/") ? prefix : prefix + "/")
        .toList();
  }

  private static boolean isWithin(String path, List<String> directories) {
    return directories.stream().anyMatch((path + "/")::startsWith);
  }

  private Configuration answer() {
    ask();
    try {
      return question.get();
    } catch (InterruptedException | ExecutionException e) {
      if (e.getCause() instanceof CancellationException stop) {
        throw stop;
      }
      throw new IllegalStateException(e);
    }
  }

  /** What Nix says; what nix.conf alone says, where there is no {@code nix} to ask. */
  private Configuration settings() {
    boolean root = files.userId() == 0;
    Optional<NixProgram> nix = NixProgram.find("nix", root, cancelled);
    try {
      if (nix.isPresent()) {
        Configuration asked = Configuration.ask(nix.get());
        return root ? asked.plus(ProcessBytes.environment("NIX_CONFIG")) : asked;
      }
    } catch (NixProgram.Unanswered e) {
      // An old Nix without that command has no other defaults either.
    }
    return NixSettings.ofCaller();
  }
}
