package nixbuildshell.kernel;

import java.util.Locale;
import nixbuildshell.Failure;
import nixbuildshell.abi.Abi;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;

/** Makes system calls by name on the machine that the tool runs on. */
public final class SystemCalls {
  private final Kernel kernel;
  private final Abi abi;

  public SystemCalls(Kernel kernel) {
    this.kernel = kernel;
    this.abi = machine();
  }

  /**
   * Returns the architecture of this machine.
   *
   * @throws Failure when it is none that has machine code
   */
  public static Abi machine() {
    String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
    return switch (arch) {
      case "amd64", "x86_64" -> Abi.X86_64;
      case "aarch64" -> Abi.AARCH64;
      default ->
          throw new Failure(
              "cannot run on this machine",
              "its architecture is " + arch,
              "a machine with x86_64 or aarch64");
    };
  }

  public Abi abi() {
    return abi;
  }

  public Kernel kernel() {
    return kernel;
  }

  /** Makes the call and returns its result or {@code -errno}. */
  public long call(Syscall syscall, long... arguments) {
    return kernel.syscall(syscall.number(abi), arguments);
  }

  /**
   * Makes a call that should succeed, and returns its result.
   *
   * @param what begins the message when it fails ("cannot read /x")
   * @throws Failure with errno's name and meaning
   */
  public long must(String what, Syscall syscall, long... arguments) {
    long result = call(syscall, arguments);
    if (result < 0) {
      throw new Failure(what, syscall + ": " + Errno.describe((int) -result), "");
    }
    return result;
  }
}
