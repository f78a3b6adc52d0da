package nixbuildshell.launch;

import nixbuildshell.kernel.Kernel;
import nixbuildshell.kernel.MachineCode;
import nixbuildshell.kernel.NativeMemory;
import nixbuildshell.kernel.SystemCalls;

/** Holds the machine code that clones a child and runs a plan in it. */
final class Interpreter implements AutoCloseable {
  private final Kernel kernel;
  private final NativeMemory code;

  private Interpreter(Kernel kernel, NativeMemory code) {
    this.kernel = kernel;
    this.code = code;
  }

  static Interpreter load(SystemCalls calls) {
    byte[] code = Code.of(calls.abi());
    return new Interpreter(calls.kernel(), MachineCode.load(calls, code));
  }

  /**
   * Clones a child that runs the plan whose image is at an address.
   *
   * @return the child's process ID or {@code -errno}
   */
  long run(long image) {
    return kernel.call(code.address(), image);
  }

  /** Removes the code from this process. A child that still runs it must have a copy. */
  @Override
  public void close() {
    code.close();
  }
}
