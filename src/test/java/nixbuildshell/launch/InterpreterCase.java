package nixbuildshell.launch;

import static nixbuildshell.plan.Argument.number;
import static nixbuildshell.plan.Argument.text;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.files.FileType;
import nixbuildshell.plan.Argument;
import nixbuildshell.plan.EachPath;
import nixbuildshell.plan.Outcome;
import nixbuildshell.plan.Plan;
import nixbuildshell.plan.Step;
import nixbuildshell.store.StorePath;
import nixbuildshell.store.TestStore;

/**
 * Describes a plan that tries one ability of the interpreter, and its outcome. {@link
 * InterpreterTest} runs it natively, and {@link QemuTest} on the other architecture.
 *
 * @param status the child's status, as a shell reports it
 * @param results the results of the steps; empty when they vary
 */
record InterpreterCase(String name, Plan plan, Outcome outcome, int status, List<Long> results) {
  static final long NEVER = Long.MIN_VALUE;
  private static final String HANDS_ON = "hands on results";
  private static final String EACH = "makes a call for each path";

  private static final Step PID = Step.of("get the pid", Syscall.GETPID);
  private static final Step END = Step.of("end", Syscall.EXIT_GROUP, number(7));

  @Override
  public String toString() {
    return name;
  }

  /** Asserts that its calls have made what they are to make. */
  void assertFiles(Path directory) throws IOException {
    if (name.equals(HANDS_ON)) {
      assertEquals("abc", Files.readString(directory.resolve("to")));
    } else if (name.equals(EACH)) {
      for (String link : List.of("a", "bc", "d")) {
        assertEquals(Path.of("to", link), Files.readSymbolicLink(directory.resolve(link)));
      }
    }
  }

  /**
   * Returns all cases.
   *
   * @param directory the directory for files
   * @param out an open descriptor to write to
   */
  static Stream<InterpreterCase> all(Path directory, int out) {
    Step message = write(out, "hello");
    Step empty = write(out, "");
    Step again = Step.of("make a directory", Syscall.MKDIRAT, number(-100), text("/"), number(0));
    Step nowhere = Step.of("close", Syscall.CLOSE, number(-1));
    Step kill = Step.of("kill", Syscall.KILL, new Argument.Result(0), number(9));
    return Stream.of(
        new InterpreterCase("runs", plan(message, END), new Outcome.Ran(), 7, List.of(5L, NEVER)),
        new InterpreterCase(
            "goes on after a tolerated errno, in each of the four places",
            plan(
                tolerate(again, 0),
                tolerate(again, 1),
                tolerate(again, 2),
                tolerate(again, 3),
                END),
            new Outcome.Ran(),
            7,
            List.of(-17L, -17L, -17L, -17L, NEVER)),
        new InterpreterCase(
            "stops at another errno",
            plan(message, tolerate(nowhere, 3), END),
            new Outcome.Failed(1, tolerate(nowhere, 3), 9),
            125,
            List.of(5L, -9L, NEVER)),
        new InterpreterCase(
            "goes on after what it expects",
            plan(message.expecting(5), END),
            new Outcome.Ran(),
            7,
            List.of(5L, NEVER)),
        new InterpreterCase(
            "stops at what it does not expect",
            plan(message.expecting(4), END),
            new Outcome.Unexpected(0, message.expecting(4), 5),
            125,
            List.of(5L, NEVER)),
        new InterpreterCase(
            "can expect 0",
            plan(message.expecting(0), END),
            new Outcome.Unexpected(0, message.expecting(0), 5),
            125,
            List.of(5L, NEVER)),
        new InterpreterCase(
            "leaves after a positive result",
            plan(message.leavingWhenPositive(), END),
            new Outcome.Ran(),
            0,
            List.of(5L, NEVER)),
        new InterpreterCase(
            "stays after 0",
            plan(empty.leavingWhenPositive(), END),
            new Outcome.Ran(),
            7,
            List.of(0L, NEVER)),
        new InterpreterCase(
            "stops at an errno where it would leave",
            plan(nowhere.leavingWhenPositive(), END),
            new Outcome.Failed(0, nowhere.leavingWhenPositive(), 9),
            125,
            List.of(-9L, NEVER)),
        new InterpreterCase(
            "stops behind the last step",
            plan(message, message),
            new Outcome.Unexpected(1, message, 5),
            125,
            List.of(5L, 5L)),
        new InterpreterCase(
            "shows where it was killed",
            plan(PID, kill, END),
            new Outcome.Stopped(1, kill),
            128 + 9,
            List.of()),
        eachPath(EACH, directory, List.of("a", "bc", "d"), Errno.EXDEV, -1),
        eachPath("goes on at each path", directory, List.of("e", "e", "e"), Errno.EEXIST, -1),
        eachPath("stops at the second path", directory, List.of("f", "f", "g"), Errno.EXDEV, 1),
        references(directory, empty));
  }

  /**
   * Makes a link for each name, with the name in two arguments.
   *
   * @param failing the path that fails, for there is such a link; -1 for none
   */
  private static InterpreterCase eachPath(
      String name, Path directory, List<String> names, Errno tolerated, int failing) {
    Step link =
        Step.of(
                "link ",
                Syscall.SYMLINKAT,
                new Argument.InStore(ByteString.of("to/")),
                number(-100),
                new Argument.InStore(ByteString.of(directory + "/")))
            .tolerating(tolerated, "test");
    EachPath links =
        new EachPath(
            link,
            TestStore.list(
                FileType.REGULAR, names.stream().map(StorePath::new).toArray(StorePath[]::new)));
    Plan plan = new Plan(List.of(links, END));
    return failing < 0
        ? new InterpreterCase(name, plan, new Outcome.Ran(), 7, List.of())
        : new InterpreterCase(
            name,
            plan,
            new Outcome.Failed(0, links.steps().get(failing), Errno.EEXIST.number()),
            125,
            List.of(-17L, NEVER));
  }

  /** Makes a call whose six arguments are results of earlier ones. */
  private static InterpreterCase references(Path directory, Step empty) {
    List<Step> steps = new ArrayList<>();
    for (String file : List.of("from", "to")) {
      ByteString path = ByteString.of(directory.resolve(file).toString());
      steps.add(
          Step.of(
              "open",
              Syscall.OPENAT,
              number(-100),
              new Argument.Text(path),
              number(0102),
              Argument.octal(0644)));
      steps.add(
          Step.of(
              "map", Syscall.MMAP, number(0), number(4096), number(3), number(0x22), number(-1)));
    }
    steps.add(Step.of("write", Syscall.WRITE, new Argument.Result(0), text("abc"), number(3)));
    steps.add(empty);
    steps.add(
        Step.of(
                "copy",
                Syscall.COPY_FILE_RANGE,
                new Argument.Result(0),
                new Argument.Result(1),
                new Argument.Result(2),
                new Argument.Result(3),
                new Argument.Result(4),
                new Argument.Result(5))
            .expecting(3));
    steps.add(END);
    return new InterpreterCase(HANDS_ON, new Plan(steps), new Outcome.Ran(), 7, List.of());
  }

  private static Step write(int out, String text) {
    return Step.of("write", Syscall.WRITE, number(out), text(text), number(text.length()));
  }

  /** Tolerates EEXIST, in one of the four places. */
  private static Step tolerate(Step step, int place) {
    for (int i = 0; i < 4; i++) {
      step = step.tolerating(i == place ? Errno.EEXIST : Errno.EXDEV, "test");
    }
    return step;
  }

  private static Plan plan(Step... steps) {
    return new Plan(List.of(steps));
  }
}
