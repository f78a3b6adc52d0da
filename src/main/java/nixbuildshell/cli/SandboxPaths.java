package nixbuildshell.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;
import nixbuildshell.capture.Malformed;
import nixbuildshell.capture.StorePath;
import nixbuildshell.nix.Configuration;
import nixbuildshell.nix.NixProgram;
import nixbuildshell.sandbox.SandboxPath;

/** The paths of the host that Nix's own configuration shows to every build. */
final class SandboxPaths {
  private SandboxPaths() {}

  /**
   * Asks Nix for its setting, and meanwhile comes back.
   *
   * @return waits for the answer, once it is needed
   */
  static Supplier<List<SandboxPath>> asked(boolean root) {
    FutureTask<List<SandboxPath>> question = new FutureTask<>(() -> configured(root));
    Thread thread = new Thread(question, "Nix's settings");
    thread.setDaemon(true);
    thread.start();
    return () -> {
      try {
        return question.get();
      } catch (InterruptedException | ExecutionException e) {
        throw new IllegalStateException(e);
      }
    };
  }

  /** Nix's setting; what nix.conf alone says, where there is no {@code nix} to ask. */
  private static List<SandboxPath> configured(boolean root) {
    return settings(root).words("sandbox-paths", "extra-sandbox-paths").stream()
        .map(SandboxPath::parse)
        .toList();
  }

  private static Configuration settings(boolean root) {
    Optional<NixProgram> nix = NixProgram.find("nix", root);
    try {
      if (nix.isPresent()) {
        return Configuration.ask(nix.get());
      }
    } catch (NixProgram.Unanswered e) {
      // An old Nix without that command has no other defaults either.
    }
    return Configuration.read(Path.of("/etc/nix/nix.conf"), ProcessBytes.environment("NIX_CONFIG"));
  }

  /** The store paths that their sources lie in. */
  static List<StorePath> inStore(List<SandboxPath> paths) {
    List<StorePath> found = new ArrayList<>();
    for (SandboxPath path : paths) {
      try {
        found.add(StorePath.containing(path.source()));
      } catch (Malformed e) {
        // It lies elsewhere.
      }
    }
    return found;
  }
}
