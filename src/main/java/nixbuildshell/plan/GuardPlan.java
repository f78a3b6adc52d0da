package nixbuildshell.plan;

import static nixbuildshell.plan.Argument.nothing;
import static nixbuildshell.plan.Argument.number;
import static nixbuildshell.plan.Argument.text;
import static nixbuildshell.plan.Constants.AT_FDCWD;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.OptionalInt;
import java.util.TreeSet;
import java.util.stream.IntStream;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.plan.Argument.Data;
import nixbuildshell.plan.Argument.Number;

/**
 * Plans the guard of a build that is entered: a process that stops every thread of the build's PID
 * 1 by ptrace(2) and never lets one run again. When the guard ends, for whatever reason, the kernel
 * kills PID 1 (PTRACE_O_EXITKILL), and Nix takes the build for failed. So every step that goes
 * wrong ends the build, and so does the regular end: a wait that is expected to time out, and does
 * not.
 *
 * <p>The guard has no death signal and a session of its own, so that it outlives the tool. It waits
 * on a pipe, the lease, whose other end each tool holds that has entered the build. As long as the
 * build would wait by itself, the guard holds that end, too.
 *
 * @param threads the threads of PID 1, the first its own
 * @param pipes the descriptors that the guard inherits
 * @param patience how long the guard waits
 */
public record GuardPlan(List<Long> threads, Pipes pipes, Patience patience) {
  /** The name by which a guard is known in {@code /proc}, at most 15 bytes. */
  public static final String NAME = "nbs-guard";

  private static final String FILTER_LABEL = "read a filter of the build";

  /** How many filters of the build the guard reads; Nix makes one. */
  private static final int FILTERS = 4;

  /** The largest number of instructions of a filter, {@code BPF_MAXINSNS}. */
  private static final int LONGEST_FILTER = 4096;

  /** How many waits follow the build's own time, each with a line. The last wait has no end. */
  private static final int MORE_WAITS = 512;

  private static final Number CLOSE_ON_EXEC = new Number(0x80000, "O_CLOEXEC");
  private static final int POLLIN = 1;

  /**
   * Names the descriptors. All are above 2.
   *
   * @param lease its ends
   * @param report where the guard writes a byte when the threads are stopped, and another when
   *     their death is bound to its own. The same number is that of the guard's signals later
   * @param go where the guard reads the byte between
   * @param memory a file in memory that the guard only keeps, for the next tool
   * @param log where it writes a line now and then; empty for nowhere
   */
  public record Pipes(PipeEnds lease, int report, int go, int memory, OptionalInt log) {}

  /**
   * Says how long the guard waits.
   *
   * @param seconds how long it keeps the build while no session is open in it; 0 for not at all
   * @param interval the seconds between two lines
   * @param line what it writes to the log, so that Nix's {@code max-silent-time} does not end the
   *     build
   */
  public record Patience(long seconds, long interval, ByteString line) {}

  public GuardPlan {
    threads = List.copyOf(threads);
  }

  public Plan plan() {
    Steps steps = new Steps();
    leaveTheCaller(steps);
    stop(steps);
    readFilters(steps);
    steps.add(reports("say that the build stands still"));
    Data buffer = new Data(ByteString.of(new byte[8]), "buffer");
    steps.add(
        Step.of("get the go from nix-build-shell", Syscall.READ, goEnd(), buffer, number(1))
            .expecting(1));
    steps.add("close the pipe of the go", Syscall.CLOSE, goEnd());
    bind(steps);
    steps.add(reports("say that the build cannot go on"));
    watch(steps);
    return steps.plan();
  }

  /** Returns the numbers of the steps that read a filter of the build, the newest filter first. */
  public static List<Integer> filterSteps(Plan plan) {
    List<Step> steps = plan.steps();
    return IntStream.range(0, steps.size())
        .filter(i -> steps.get(i).label().equals(FILTER_LABEL))
        .boxed()
        .toList();
  }

  /** Gives up what the guard has of the caller: terminal, directory and descriptors. */
  private void leaveTheCaller(Steps steps) {
    steps.add("start a session", Syscall.SETSID);
    steps.add("leave the directory", Syscall.CHDIR, text("/"));
    Planner.ownKeyring(steps);
    Number name = new Number(15, "PR_SET_NAME");
    steps.add("take the guard's name", Syscall.PRCTL, name, text(NAME));
    Argument nothing =
        steps.add(
            "open /dev/null",
            Syscall.OPENAT,
            AT_FDCWD,
            text("/dev/null"),
            new Number(0x80002, "O_RDWR|O_CLOEXEC"));
    for (int standard = 0; standard <= 2; standard++) {
      steps.add(
          "connect descriptor " + standard, Syscall.DUP3, nothing, number(standard), number(0));
    }
    int from = 3;
    for (int kept : kept()) {
      if (kept > from) {
        close(steps, number(from), number(kept - 1));
      }
      from = kept + 1;
    }
    close(steps, number(from), new Number(0xffffffffL, "~0U"));
  }

  private TreeSet<Integer> kept() {
    TreeSet<Integer> kept =
        new TreeSet<>(
            List.of(pipes.lease.read(), pipes.lease.write(), pipes.report, pipes.go, pipes.memory));
    pipes.log.ifPresent(kept::add);
    return kept;
  }

  private static void close(Steps steps, Number from, Number to) {
    steps.add("close inherited descriptors", Syscall.CLOSE_RANGE, from, to, number(0));
  }

  /**
   * Stops each thread. The tool sees afterwards whether these were all: a thread that runs could
   * have made another one meanwhile, or end the process.
   */
  private void stop(Steps steps) {
    for (long thread : threads) {
      trace(steps, "seize thread " + thread, 0x4206, "PTRACE_SEIZE", thread, nothing());
    }
    for (long thread : threads) {
      trace(steps, "interrupt thread " + thread, 0x4207, "PTRACE_INTERRUPT", thread, nothing());
    }
    for (long thread : threads) {
      steps.add(
          Step.of(
                  "wait until thread " + thread + " stands still",
                  Syscall.WAIT4,
                  number(thread),
                  nothing(),
                  new Number(0x40000000, "__WALL"),
                  nothing())
              .expecting(thread));
    }
  }

  /** Reads the filters of the build: whoever enters it gets them, too. */
  private void readFilters(Steps steps) {
    for (int index = 0; index < FILTERS; index++) {
      steps.add(
          Step.of(
                  FILTER_LABEL,
                  Syscall.PTRACE,
                  new Number(0x420c, "PTRACE_SECCOMP_GET_FILTER"),
                  number(threads.get(0)),
                  number(index),
                  new Data(
                      ByteString.of(new byte[LONGEST_FILTER * FilterProgram.Instruction.SIZE]),
                      "instructions"))
              .tolerating(Errno.ENOENT, "it has no more")
              .tolerating(Errno.EINVAL, "it has none, or this kernel does not tell")
              .tolerating(Errno.EACCES, "only root may read it")
              .tolerating(Errno.EPERM, "only root may read it"));
    }
  }

  /** Binds the life of the build to the guard's. */
  private void bind(Steps steps) {
    Number kill = new Number(0x100000, "PTRACE_O_EXITKILL");
    for (long thread : threads) {
      trace(steps, "bind thread " + thread, 0x4200, "PTRACE_SETOPTIONS", thread, kill);
    }
  }

  private static void trace(
      Steps steps, String label, long request, String name, long thread, Argument data) {
    Number what = new Number(request, name);
    steps.add(label, Syscall.PTRACE, what, number(thread), nothing(), data);
  }

  private Step reports(String label) {
    Data one = new Data(ByteString.of(new byte[] {1}), "\"\\1\"");
    return Step.of(label, Syscall.WRITE, number(pipes.report), one, number(1)).expecting(1);
  }

  private Number goEnd() {
    return number(pipes.go);
  }

  /**
   * Waits until no session needs the build any more, or it has died. SIGCHLD tells of a death:
   * nothing else changes the state of a thread that never runs. The first one is of the stop
   * itself, and could hide a death until then.
   */
  private void watch(Steps steps) {
    Data children = new Data(ByteString.of(new byte[] {0, 0, 1, 0, 0, 0, 0, 0}), "[CHLD]");
    Number flags = new Number(0x80800, "SFD_CLOEXEC|SFD_NONBLOCK");
    Argument signals =
        steps.add("watch for deaths", Syscall.SIGNALFD4, number(-1), children, number(8), flags);
    Data told = new Data(ByteString.of(new byte[128]), "buffer");
    steps.add(
        Step.of("forget the stop", Syscall.READ, signals, told, number(128))
            .tolerating(Errno.EAGAIN, "it was not told"));
    for (long thread : threads) {
      steps.add(
          Step.of(
                  "see that thread " + thread + " lives",
                  Syscall.WAIT4,
                  number(thread),
                  nothing(),
                  new Number(0x40000001, "__WALL|WNOHANG"),
                  nothing())
              .expecting(0));
    }
    steps.add("number the signals", Syscall.DUP3, signals, number(pipes.report), CLOSE_ON_EXEC);
    // Who wrote the interval could ask for more steps than there is memory.
    long interval = Math.max(patience.interval, patience.seconds / MORE_WAITS);
    long left = patience.seconds;
    while (left > 0) {
      long now = pipes.log.isPresent() ? Math.min(left, interval) : left;
      waitFor(steps, now);
      left -= now;
      if (left > 0) {
        line(steps);
      }
    }
    steps.add("let go of the lease", Syscall.CLOSE, number(pipes.lease.write()));
    for (int i = 0; i < MORE_WAITS && pipes.log.isPresent(); i++) {
      waitFor(steps, interval);
      line(steps);
    }
    steps.add(wait(nothing()));
  }

  private void waitFor(Steps steps, long seconds) {
    steps.add(wait(new Data(words(seconds, 0), "{" + seconds + " s}")));
  }

  private Step wait(Argument timeout) {
    ByteBuffer polled = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    polled.putInt(pipes.report).putInt(POLLIN).putInt(pipes.lease.read()).putInt(0);
    return Step.of(
            "wait",
            Syscall.PPOLL,
            new Data(ByteString.of(polled.array()), "{signals, lease}"),
            number(2),
            timeout,
            nothing(),
            number(8))
        .expecting(0);
  }

  private void line(Steps steps) {
    Data line = new Data(patience.line, "\"...\"");
    steps.add(
        Step.of(
                "write a line to the build's log",
                Syscall.WRITE,
                number(pipes.log.getAsInt()),
                line,
                number(patience.line.length()))
            .tolerating(Errno.EIO, "Nix does not read any more")
            .tolerating(Errno.EAGAIN, "Nix does not read now"));
  }

  private static ByteString words(long... words) {
    ByteBuffer bytes = ByteBuffer.allocate(words.length * 8).order(ByteOrder.LITTLE_ENDIAN);
    for (long word : words) {
      bytes.putLong(word);
    }
    return ByteString.of(bytes.array());
  }
}
