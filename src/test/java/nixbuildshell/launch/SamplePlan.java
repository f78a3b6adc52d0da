package nixbuildshell.launch;

import static nixbuildshell.plan.Argument.number;
import static nixbuildshell.plan.Argument.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.plan.Argument;
import nixbuildshell.plan.Plan;
import nixbuildshell.plan.Step;

/** Makes a small plan with the shape of the planner's plans. */
final class SamplePlan {
  static final long FLAGS =
      0x10000000 | 0x00020000 | 0x20000000 | 0x40000000 | 0x08000000 | 0x04000000 | Launch.CLONE_VM;

  /** Has no PID namespace: the program is not process 1, and the host's /proc shows it. */
  static final long AMONG_US = FLAGS & ~0x20000000;

  private static final int PR_SET_PDEATHSIG = 1;
  private static final int MS_REC_PRIVATE = 0x4000 | 0x40000;
  private static final int SIG_SETMASK = 2;

  /** Writes nothing, for a launch without a new user namespace. */
  static final IdMaps NO_MAPS = new IdMaps("", "", true);

  private SamplePlan() {}

  static Plan of(GoPipe go, String... command) {
    List<Step> steps = new ArrayList<>(start(go));
    steps.add(Step.of("set the umask", Syscall.UMASK, number(0)));
    steps.add(Step.of("set the host name", Syscall.SETHOSTNAME, text("localhost"), number(9)));
    steps.add(
        Step.of(
            "make all mounts private",
            Syscall.MOUNT,
            Argument.nothing(),
            text("/"),
            Argument.nothing(),
            number(MS_REC_PRIVATE),
            Argument.nothing()));
    steps.add(Step.of("open the root", Syscall.OPENAT, number(-100), text("/"), number(0x80000)));
    steps.add(Step.of("go to the root", Syscall.FCHDIR, new Argument.Result(steps.size() - 1)));
    steps.add(
        Step.of("make a directory", Syscall.MKDIRAT, number(-100), text("/proc"), number(0))
            .tolerating(Errno.EEXIST, "it is there"));
    steps.add(Step.of("set the group", Syscall.SETRESGID, number(100), number(100), number(100)));
    steps.add(Step.of("set the user", Syscall.SETRESUID, number(1000), number(1000), number(1000)));
    steps.addAll(end(command));
    return new Plan(steps);
  }

  /** Returns the first steps of every plan. */
  static List<Step> start(GoPipe go) {
    return List.of(
        Step.of("close the pipe's write end", Syscall.CLOSE, number(go.ends().write())),
        Step.of("set the death signal", Syscall.PRCTL, number(PR_SET_PDEATHSIG), number(9)),
        Step.of(
                "wait for the parent",
                Syscall.READ,
                number(go.ends().read()),
                new Argument.Data(ByteString.of(new byte[1]), "buffer"),
                number(1))
            .expecting(1));
  }

  /** Returns the last steps: default signals, an empty mask, no descriptor, execve. */
  static List<Step> end(String... command) {
    List<Step> steps = new ArrayList<>();
    for (int signal = 1; signal <= 64; signal++) {
      if (signal != 9 && signal != 19) {
        steps.add(
            Step.of(
                "give signal " + signal + " its default action",
                Syscall.RT_SIGACTION,
                number(signal),
                zeros(32),
                number(0),
                number(8)));
      }
    }
    steps.add(
        Step.of(
            "unblock all signals",
            Syscall.RT_SIGPROCMASK,
            number(SIG_SETMASK),
            zeros(8),
            number(0),
            number(8)));
    steps.add(
        Step.of(
            "close all descriptors",
            Syscall.CLOSE_RANGE,
            number(3),
            number(0xffffffffL),
            number(0)));
    List<ByteString> arguments = Stream.of(command).map(ByteString::of).toList();
    steps.add(
        Step.of(
            "run " + command[0],
            Syscall.EXECVE,
            text(command[0]),
            new Argument.Strings(arguments),
            new Argument.Strings(List.of(ByteString.of("PATH=/usr/bin:/bin")))));
    return steps;
  }

  /** Maps 1000:100 inside to the caller outside. */
  static IdMaps maps(SystemCalls calls) {
    return IdMaps.one(1000, calls.call(Syscall.GETEUID), 100, calls.call(Syscall.GETEGID));
  }

  static Launch launch(SystemCalls calls, GoPipe go, String... command) {
    return new Launch(
        of(go, command), FLAGS, maps(calls), OptionalInt.empty(), false, Optional.empty());
  }

  static Launch amongUs(SystemCalls calls, GoPipe go, String... command) {
    return new Launch(
        of(go, command), AMONG_US, maps(calls), OptionalInt.empty(), false, Optional.empty());
  }

  private static Argument zeros(int length) {
    return new Argument.Data(ByteString.of(new byte[length]), length + " zero bytes");
  }
}
