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
    try (SharedImage image =
            SharedImage.of(calls, Image.of(plan.plan(), calls.abi(), Signals.SIGCHLD));
        Interpreter interpreter = Interpreter.load(calls)) {
      ErrnoException.check(
          "start a process", Syscall.CLONE, interpreter.run(image.memory().address()));
    }
  }
}
