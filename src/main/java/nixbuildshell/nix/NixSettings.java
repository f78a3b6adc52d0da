package nixbuildshell.nix;

import nixbuildshell.console.ProcessBytes;

/** Nix's settings for the caller: nix.conf and his NIX_CONFIG, read once, when first asked for. */
public final class NixSettings {
  private static final class Read {
    private static final Configuration SETTINGS =
        Configuration.ofHost(ProcessBytes.environment("NIX_CONFIG"));
  }

  private NixSettings() {}

  public static Configuration ofCaller() {
    return Read.SETTINGS;
  }
}
