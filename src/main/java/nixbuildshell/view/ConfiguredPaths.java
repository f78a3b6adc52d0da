package nixbuildshell.view;

import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.BooleanSupplier;
import nixbuildshell.nix.Caller;
import nixbuildshell.nix.NixProgram;
import nixbuildshell.nix.NixSettings;
import nixbuildshell.sandbox.SandboxPath;

/** Reads the paths of the host that Nix's setting {@code sandbox-paths} shows to every build. */
public final class ConfiguredPaths {
  private final FutureTask<NixSettings> question;
  private boolean asked;

  /**
   * @param cancelled whether to stop waiting for Nix; then a {@link CancellationException} is
   *     thrown
   */
  public ConfiguredPaths(Caller caller, BooleanSupplier cancelled) {
    this.question = new FutureTask<>(() -> NixProgram.settings(caller, cancelled));
  }

  /** Asks Nix for its settings, and meanwhile comes back. */
  public void ask() {
    if (!asked) {
      asked = true;
      Thread thread = new Thread(question, "Nix's settings");
      thread.setDaemon(true);
      thread.start();
    }
  }

  public boolean isAsked() {
    return asked;
  }

  /** Returns them. */
  public List<SandboxPath> ofEveryBuild() {
    return answer().words("sandbox-paths", "extra-sandbox-paths").stream()
        .map(SandboxPath::parse)
        .toList();
  }

  private NixSettings answer() {
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
}
