package nixbuildshell.launch;

import nixbuildshell.abi.Syscall;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.kernel.Signals;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.plan.DetachedPlan;
import nixbuildshell.plan.Image;
import nixbuildshell.sandbox.Program;

/** Starts a program that outlives the tool, and does not hear of it again. */
public final class Detached {
  private Detached() {}

  /**
   * Starts the program where the tool was started.
   *
   * @param input the descriptor that the program gets as its standard input
   */
  public static void start(SystemCalls calls, Program program, int input) throws ErrnoException {
    DetachedPlan plan = new DetachedPlan(program, input, KernelProbe.of(calls));
    // The program's process gets a copy of the memory.
    try (SharedImage image =
        SharedImage.of(calls, Image.of(plan.plan(), calls.abi(), Signals.SIGCHLD))) {
      ErrnoException.check("start a process", Syscall.CLONE, image.run());
    }
  }
}
