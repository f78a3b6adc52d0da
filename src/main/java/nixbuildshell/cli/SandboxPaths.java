package nixbuildshell.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import nixbuildshell.capture.Malformed;
import nixbuildshell.capture.StorePath;
import nixbuildshell.nix.Configuration;
import nixbuildshell.nix.NixProgram;
import nixbuildshell.sandbox.SandboxPath;

/** The paths of the host that Nix's own configuration shows to every build. */
final class SandboxPaths {
  private SandboxPaths() {}

  /** Nix's setting; what nix.conf alone says, where there is no {@code nix} to ask. */
  static List<SandboxPath> configured(boolean root) {
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
