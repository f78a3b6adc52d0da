package nixbuildshell.plan;

import static nixbuildshell.plan.Argument.number;
import static nixbuildshell.plan.Argument.text;
import static nixbuildshell.plan.Constants.AT_FDCWD;

import java.util.OptionalInt;
import nixbuildshell.abi.Syscall;
import nixbuildshell.plan.Argument.Number;
import nixbuildshell.sandbox.Program;

/**
 * Plans a process that outlives the tool and becomes a program. It has no terminal, a session of
 * its own, and none of the caller's descriptors, so that a shell which reads the tool's output does
 * not wait for it.
 *
 * @param program runs on this host, where the tool was started
 * @param input the descriptor that the program gets as its standard input
 */
public record DetachedPlan(Program program, int input, OldKernel kernel) {
  public Plan plan() {
    Steps steps = new Steps();
    steps.add("start a session", Syscall.SETSID);
    Planner.ownKeyring(steps);
    Number flags = new Number(0x80002, "O_RDWR|O_CLOEXEC");
    Argument nothing =
        steps.add("open /dev/null", Syscall.OPENAT, AT_FDCWD, text("/dev/null"), flags);
    steps.add("connect descriptor 0", Syscall.DUP3, number(input), number(0), number(0));
    steps.add("connect descriptor 1", Syscall.DUP3, nothing, number(1), number(0));
    steps.add("connect descriptor 2", Syscall.DUP3, nothing, number(2), number(0));
    ProgramSteps last = new ProgramSteps(steps, kernel);
    last.closeAllBut(OptionalInt.empty());
    last.start(program, OptionalInt.empty());
    return steps.plan();
  }
}
