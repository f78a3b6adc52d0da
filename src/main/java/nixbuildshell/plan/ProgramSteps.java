package nixbuildshell.plan;

import static nixbuildshell.plan.Argument.nothing;
import static nixbuildshell.plan.Argument.number;
import static nixbuildshell.plan.Argument.text;
import static nixbuildshell.plan.Constants.DEFAULT_ACTION;
import static nixbuildshell.plan.Constants.NO_SIGNALS;
import static nixbuildshell.plan.Constants.NO_SOFT_LIMIT_ABOVE_ZERO;
import static nixbuildshell.plan.Step.Kind.EXECUTE;
import static nixbuildshell.plan.Step.Kind.FILTER_CALLS;
import static nixbuildshell.plan.Step.Kind.SET_PERSONALITY;

import java.util.List;
import java.util.OptionalInt;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.plan.Argument.Number;
import nixbuildshell.plan.Argument.Strings;
import nixbuildshell.plan.Argument.Text;
import nixbuildshell.sandbox.CallFilter;
import nixbuildshell.sandbox.Personality;
import nixbuildshell.sandbox.Program;
import nixbuildshell.sandbox.SandboxSpec;

/** Adds the last steps, in the finished sandbox: they prepare and start the program. */
record ProgramSteps(Steps steps, OldKernel kernel) {
  private static final int LAST_SIGNAL = 64;
  private static final List<Integer> UNTOUCHABLE_SIGNALS = List.of(9, 19);

  private static final String NEXT = "it may be elsewhere in PATH, execvp(3)";

  /**
   * Adds the steps. The signals come last: the child was cloned with all signals blocked, so that
   * no handler of the JVM ran in it. An ignored signal would stay ignored after execve, so all are
   * reset.
   */
  void add(SandboxSpec spec) {
    Program program = spec.program();
    steps.add("enter " + program.directory(), Syscall.CHDIR, text(program.directory()));
    steps.add("set the umask", Syscall.UMASK, Argument.octal(022));
    confine(spec.personality(), spec.filter());
    kernel.closeDescriptors(steps);
    start(program);
  }

  /** Closes what the child inherited from the JVM, but for one descriptor. */
  void closeAllBut(OptionalInt executable) {
    if (executable.isEmpty()) {
      kernel.closeDescriptors(steps);
      return;
    }
    int kept = executable.getAsInt();
    if (kept > 3) {
      steps.add("close descriptors", Syscall.CLOSE_RANGE, number(3), number(kept - 1), number(0));
    }
    Number last = new Number(0xffffffffL, "~0U");
    steps.add("close descriptors", Syscall.CLOSE_RANGE, number(kept + 1), last, number(0));
  }

  /**
   * Adds the very last steps, which become a program.
   *
   * @param executable a descriptor that runs in the program's place, if the kernel lets it. It is
   *     closed then
   */
  void start(Program program, OptionalInt executable) {
    if (executable.isEmpty()) {
      start(program);
      return;
    }
    int kept = executable.getAsInt();
    resetSignals();
    steps.add(
        Step.of(
                EXECUTE,
                "execute the tool's bash",
                Syscall.EXECVEAT,
                number(kept),
                Argument.text(""),
                new Strings(program.arguments()),
                new Strings(program.environment()),
                new Number(0x1000, "AT_EMPTY_PATH"))
            .tolerating(Errno.EACCES, "this host runs nothing that is in memory")
            .tolerating(Errno.ENOSYS, "a filter refuses it")
            .tolerating(Errno.EPERM, "a filter refuses it"));
    steps.add("close the tool's bash", Syscall.CLOSE, number(kept));
    steps.add(execute(program.paths().get(0), program));
  }

  private void start(Program program) {
    resetSignals();
    int last = program.paths().size() - 1;
    for (ByteString path : program.paths().subList(0, last)) {
      steps.add(
          execute(path, program)
              .tolerating(Errno.ENOENT, NEXT)
              .tolerating(Errno.ENOTDIR, NEXT)
              .tolerating(Errno.EACCES, NEXT));
    }
    steps.add(execute(program.paths().get(last), program));
  }

  private void resetSignals() {
    Number size = number(8);
    for (int signal = 1; signal <= LAST_SIGNAL; signal++) {
      if (!UNTOUCHABLE_SIGNALS.contains(signal)) {
        steps.add(
            "reset signal " + signal,
            Syscall.RT_SIGACTION,
            number(signal),
            DEFAULT_ACTION,
            nothing(),
            size);
      }
    }
    Number how = new Number(2, "SIG_SETMASK");
    steps.add("unblock all signals", Syscall.RT_SIGPROCMASK, how, NO_SIGNALS, nothing(), size);
  }

  private static Step execute(ByteString path, Program program) {
    return Step.of(
        EXECUTE,
        "execute " + path,
        Syscall.EXECVE,
        new Text(path),
        new Strings(program.arguments()),
        new Strings(program.environment()));
  }

  /**
   * Confines the process. The filter comes after the steps that it would refuse. A kernel without
   * filters is an error, as it is for Nix.
   */
  private void confine(Personality personality, CallFilter filter) {
    Number zero = number(0);
    Number noNewPrivileges = new Number(38, "PR_SET_NO_NEW_PRIVS");
    steps.add(
        "renounce new privileges", Syscall.PRCTL, noNewPrivileges, number(1), zero, zero, zero);
    personality(personality);
    Number coreSize = new Number(4, "RLIMIT_CORE");
    steps.add(
        Step.of(
                "switch off core dumps",
                Syscall.PRLIMIT64,
                zero,
                coreSize,
                NO_SOFT_LIMIT_ABOVE_ZERO,
                nothing())
            .tolerating(Errno.EPERM, "the caller's hard limit, which only root can raise, stays"));
    Number set = new Number(1, "SECCOMP_SET_MODE_FILTER");
    Argument program = new Argument.Filter(filter);
    steps.add(Step.of(FILTER_CALLS, "filter system calls", Syscall.SECCOMP, set, zero, program));
  }

  /** Sets the personality in two steps: Docker's default filter allows only the first. */
  private void personality(Personality personality) {
    Number domain =
        personality.linux32() ? new Number(0x8, "PER_LINUX32") : new Number(0, "PER_LINUX");
    Number persona = personality.linux26() ? domain.or(new Number(0x20000, "UNAME26")) : domain;
    steps.add(Step.of(SET_PERSONALITY, "set the personality", Syscall.PERSONALITY, persona));
    steps.add(
        Step.of(
                "switch off address randomization",
                Syscall.PERSONALITY,
                persona.or(new Number(0x40000, "ADDR_NO_RANDOMIZE")))
            .tolerating(Errno.EPERM, "a container's filter forbids it, and Nix goes on, too"));
  }
}
