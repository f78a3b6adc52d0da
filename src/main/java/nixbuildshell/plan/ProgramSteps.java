package nixbuildshell.plan;

import static nixbuildshell.plan.Argument.nothing;
import static nixbuildshell.plan.Argument.number;
import static nixbuildshell.plan.Argument.text;
import static nixbuildshell.plan.Constants.*;

import java.util.ArrayList;
import java.util.List;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.plan.Argument.Data;
import nixbuildshell.plan.Argument.Number;
import nixbuildshell.plan.Argument.Strings;
import nixbuildshell.plan.Argument.Text;
import nixbuildshell.sandbox.Confinement;
import nixbuildshell.sandbox.Personality;
import nixbuildshell.sandbox.Program;

/** The last steps of a plan, in the finished sandbox: what the program inherits, and its start. */
final class ProgramSteps {
  private static final String NEXT = "it may be elsewhere in PATH, execvp(3)";

  private ProgramSteps() {}

  /**
   * The signals last: the child was cloned with all of them blocked, so that none of the JVM's
   * handlers could run in it. What was ignored outside would stay ignored through execve, so each
   * is reset.
   */
  static void add(List<Step> steps, OldKernel kernel, Program program, Confinement confinement) {
    add(steps, "enter " + program.directory(), Syscall.CHDIR, text(program.directory()));
    add(steps, "set the umask", Syscall.UMASK, Argument.octal(022));
    add(
        steps,
        "renounce new privileges",
        Syscall.PRCTL,
        PR_SET_NO_NEW_PRIVS,
        number(1),
        number(0),
        number(0),
        number(0));
    confine(steps, confinement);
    kernel.closeDescriptors(steps);
    for (int signal = 1; signal <= 64; signal++) {
      if (signal != 9 && signal != 19) {
        add(
            steps,
            "reset signal " + signal,
            Syscall.RT_SIGACTION,
            number(signal),
            new Data(Structures.defaultAction(), "{SIG_DFL}"),
            nothing(),
            number(8));
      }
    }
    add(
        steps,
        "unblock all signals",
        Syscall.RT_SIGPROCMASK,
        new Number(2, "SIG_SETMASK"),
        new Data(ByteString.of(new byte[8]), "[]"),
        nothing(),
        number(8));
    List<ByteString> paths = new ArrayList<>(List.of(program.path()));
    paths.addAll(program.alternatives());
    ByteString last = paths.remove(paths.size() - 1);
    for (ByteString path : paths) {
      steps.add(
          execute(path, program)
              .tolerating(Errno.ENOENT, NEXT)
              .tolerating(Errno.ENOTDIR, NEXT)
              .tolerating(Errno.EACCES, NEXT));
    }
    steps.add(execute(last, program));
  }

  private static Step execute(ByteString path, Program program) {
    return Step.of(
        "execute " + path,
        Syscall.EXECVE,
        new Text(path),
        new Strings(program.arguments()),
        new Strings(program.environment()));
  }

  /**
   * The filter comes after what it would refuse. A kernel without filters is an error, as it is for
   * Nix.
   */
  private static void confine(List<Step> steps, Confinement confinement) {
    personality(steps, confinement.personality());
    steps.add(
        Step.of(
                "switch off core dumps",
                Syscall.PRLIMIT64,
                number(0),
                RLIMIT_CORE,
                new Data(Structures.limit(0, -1), "{0, RLIM64_INFINITY}"),
                nothing())
            .tolerating(Errno.EPERM, "the caller's hard limit, which only root can raise, stays"));
    add(
        steps,
        "filter system calls",
        Syscall.SECCOMP,
        SECCOMP_SET_MODE_FILTER,
        number(0),
        new Argument.Filter(confinement.filter()));
  }

  /** In two steps, because containers allow the first alone (Docker's default filter does). */
  private static void personality(List<Step> steps, Personality personality) {
    String domain = personality.linux32() ? "PER_LINUX32" : "PER_LINUX";
    String kernel = personality.linux26() ? "|UNAME26" : "";
    int persona = (personality.linux32() ? PER_LINUX32 : 0) | (personality.linux26() ? UNAME26 : 0);
    add(steps, "set the personality", Syscall.PERSONALITY, flags(domain + kernel, persona));
    steps.add(
        Step.of(
                "switch off address randomization",
                Syscall.PERSONALITY,
                flags(domain + kernel + "|ADDR_NO_RANDOMIZE", persona | ADDR_NO_RANDOMIZE))
            .tolerating(Errno.EPERM, "a container's filter forbids it, and Nix goes on, too"));
  }

  private static void add(List<Step> steps, String label, Syscall syscall, Argument... arguments) {
    steps.add(Step.of(label, syscall, arguments));
  }
}
