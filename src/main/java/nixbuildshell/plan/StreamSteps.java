package nixbuildshell.plan;

import static nixbuildshell.plan.Argument.number;
import static nixbuildshell.plan.Argument.text;
import static nixbuildshell.plan.Constants.AT_FDCWD;
import static nixbuildshell.plan.Step.Kind.MAKE_TERMINAL;

import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Syscall;
import nixbuildshell.plan.Argument.Data;
import nixbuildshell.plan.Argument.Number;
import nixbuildshell.plan.StandardStreams.NullDevice;
import nixbuildshell.plan.StandardStreams.OnTerminal;
import nixbuildshell.plan.StandardStreams.PipeEnd;
import nixbuildshell.plan.StandardStreams.Pseudoterminal;
import nixbuildshell.plan.StandardStreams.Stream;

/** Replaces the caller's descriptors 0, 1 and 2, as the build user in the finished sandbox. */
record StreamSteps(Steps steps) {
  private static final Number READ_WRITE = new Number(0x80002, "O_RDWR|O_CLOEXEC");

  /** Keeps a terminal that is opened from becoming the controlling one. */
  private static final Number NO_CONTROL = new Number(0x80102, "O_RDWR|O_NOCTTY|O_CLOEXEC");

  void add(StandardStreams streams) {
    Optional<Made> made = streams.terminal().map(this::make);
    Optional<Argument> nullDevice =
        streams.streams().stream().anyMatch(NullDevice.class::isInstance)
            ? Optional.of(open(Step.Kind.OTHER, "/dev/null", READ_WRITE))
            : Optional.empty();
    for (int descriptor = 0; descriptor < streams.streams().size(); descriptor++) {
      Stream stream = streams.streams().get(descriptor);
      if (stream instanceof NullDevice) {
        connect(Step.Kind.OTHER, descriptor, nullDevice.orElseThrow());
      } else if (stream instanceof PipeEnd pipe) {
        connect(Step.Kind.OTHER, descriptor, new Number(pipe.number(), "PIPE_OF_" + descriptor));
      } else if (stream instanceof OnTerminal) {
        connect(MAKE_TERMINAL, descriptor, made.orElseThrow().slave());
      }
    }
    made.ifPresent(terminal -> send(streams.terminal().orElseThrow(), terminal.master()));
  }

  /** Holds both ends of a new pseudoterminal. */
  private record Made(Argument master, Argument slave) {}

  /**
   * Makes a pseudoterminal of the sandbox's own devpts. When keys come from it, it is the
   * controlling terminal of the session.
   */
  private Made make(Pseudoterminal terminal) {
    Argument master = open(MAKE_TERMINAL, "/dev/pts/ptmx", NO_CONTROL);
    control("unlock the pseudoterminal", master, 0x40045431, "TIOCSPTLCK", zero());
    Data size = new Data(terminal.size(), "{window size}");
    control("set the window size", master, 0x5414, "TIOCSWINSZ", size);
    Argument slave = peer(master);
    Data modes = new Data(terminal.modes(), "{modes}");
    control("set the terminal's modes", slave, 0x5402, "TCSETS", modes);
    if (terminal.controlling()) {
      control("make it the controlling terminal", slave, 0x540e, "TIOCSCTTY", number(0));
    }
    return new Made(master, slave);
  }

  /** Opens the other end by the master itself: a running build can have pseudoterminals, too. */
  private Argument peer(Argument master) {
    Number request = new Number(0x5441, "TIOCGPTPEER");
    return steps.add(
        Step.of(
            MAKE_TERMINAL, "open the pseudoterminal", Syscall.IOCTL, master, request, NO_CONTROL));
  }

  /**
   * Sends the master to the tool, which could not open it from outside as the build user. The
   * message is prepared, so the master gets a number that is known beforehand.
   */
  private void send(Pseudoterminal terminal, Argument master) {
    Number passed = new Number(terminal.toolsEnd(), "TERMINAL_RECEIVE");
    Number closing = new Number(0x80000, "O_CLOEXEC");
    add("number the pseudoterminal", Syscall.DUP3, master, passed, closing);
    steps.add(
        Step.of(
                MAKE_TERMINAL,
                "send the pseudoterminal to nix-build-shell",
                Syscall.SENDMSG,
                new Number(terminal.childsEnd(), "TERMINAL_SEND"),
                new Argument.Passing(passed),
                number(0))
            .expecting(1));
  }

  private static Data zero() {
    return new Data(ByteString.of(new byte[4]), "[0]");
  }

  private void control(
      String label, Argument terminal, long request, String name, Argument argument) {
    add(label, Syscall.IOCTL, terminal, new Number(request, name), argument);
  }

  private Argument open(Step.Kind kind, String path, Number flags) {
    return steps.add(Step.of(kind, "open " + path, Syscall.OPENAT, AT_FDCWD, text(path), flags));
  }

  private void connect(Step.Kind kind, int descriptor, Argument with) {
    steps.add(
        Step.of(
            kind,
            "connect descriptor " + descriptor,
            Syscall.DUP3,
            with,
            number(descriptor),
            number(0)));
  }

  private void add(String label, Syscall syscall, Argument... arguments) {
    steps.add(Step.of(MAKE_TERMINAL, label, syscall, arguments));
  }
}
