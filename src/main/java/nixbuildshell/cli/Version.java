package nixbuildshell.cli;

import nixbuildshell.kernel.Kernels;
import picocli.CommandLine.IVersionProvider;

/** The text of {@code --version}: the tool's version, and the Java and binding that it runs on. */
final class Version implements IVersionProvider {
  @Override
  public String[] getVersion() {
    String version = Version.class.getPackage().getImplementationVersion();
    return new String[] {
      "nix-build-shell "
          + (version == null ? "(not packaged)" : version)
          + " (Java "
          + Runtime.version().feature()
          + ", "
          + Kernels.bestName()
          + ")"
    };
  }
}
