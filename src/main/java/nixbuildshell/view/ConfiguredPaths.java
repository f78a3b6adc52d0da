package nixbuildshell.view;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.BooleanSupplier;
import nixbuildshell.console.ProcessBytes;
import nixbuildshell.files.FileSystem;
import nixbuildshell.nix.Configuration;
import nixbuildshell.nix.NixProgram;
import nixbuildshell.nix.NixSettings;
import nixbuildshell.sandbox.SandboxPath;

/** Reads the paths of the host that Nix's setting {@code sandbox-paths} shows to every build. */
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

  /** Returns the paths that every build sees. */
  public List<SandboxPath> ofEveryBuild() {
    return answer().words("sandbox-paths", "extra-sandbox-paths").stream()
        .map(SandboxPath::parse)
        .toList();
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
