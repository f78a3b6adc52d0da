package nixbuildshell.cli.commands;

import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.kernel.Kernels;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.kernel.UnpackDirectory;
import nixbuildshell.nix.Caller;

/** Chooses the binding to the kernel for a subcommand. */
final class CallersKernel {
  private CallersKernel() {}

  /**
   * Returns the system calls.
   *
   * @param workDirectory the value of {@code --work-dir}, where a native library may be unpacked
   */
  static SystemCalls calls(Caller caller, Optional<ByteString> workDirectory) {
    return new SystemCalls(
        Kernels.best(() -> UnpackDirectory.make(workDirectory, caller::environment)));
  }
}
