package nixbuildshell.terminal;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.kernel.JvmTimers;
import nixbuildshell.kernel.Signals;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.launch.Child;
import nixbuildshell.launch.Ended;
import nixbuildshell.launch.Pipes;
import nixbuildshell.plan.StandardStreams;
import nixbuildshell.plan.StandardStreams.Inherited;
import nixbuildshell.plan.StandardStreams.NullDevice;
import nixbuildshell.plan.StandardStreams.OnTerminal;
import nixbuildshell.plan.StandardStreams.PipeEnd;
import nixbuildshell.plan.StandardStreams.Pseudoterminal;
import nixbuildshell.terminal.CallersStream.Kind;

/**
 * Connects the caller's descriptors 0, 1 and 2 with the program's, which are others: a build could
 * change or reopen a file or a terminal of the caller's.
 */
public final class Streams implements AutoCloseable {
  private static final int O_NONBLOCK = 0x800;

  private final SystemCalls calls;
  private final List<CallersStream> callers;
  private final List<StreamCopy> copies = new ArrayList<>();
  private Optional<CallersTerminal> terminal = Optional.empty();
  private Optional<Handover> handover = Optional.empty();
  private Optional<TerminalRelay> relay = Optional.empty();

  private Streams(SystemCalls calls, List<CallersStream> callers) {
    this.calls = calls;
    this.callers = callers;
  }

  /**
   * Makes the pipes and the socket pair that the program's descriptors need.
   *
   * @param terminals whether the program gets a pseudoterminal for a terminal, or else pipes
   */
  public static Streams open(SystemCalls calls, List<CallersStream> callers, boolean terminals)
      throws ErrnoException {
    Streams made =
        new Streams(
            calls,
            terminals ? callers : callers.stream().map(CallersStream::withoutTerminal).toList());
    try {
      made.open();
      return made;
    } catch (ErrnoException | RuntimeException | Error e) {
      made.close();
      throw e;
    }
  }

  private void open() throws ErrnoException {
    for (CallersStream each : callers) {
      if (isCopied(each) && copyOf(each).isEmpty()) {
        copies.add(new StreamCopy(calls, each, Pipes.open(calls, 0)));
      }
    }
    List<Integer> terminals = terminals(callers);
    if (!terminals.isEmpty()) {
      terminal = Optional.of(new CallersTerminal(calls, terminals));
      handover = Optional.of(Handover.open(calls));
    }
  }

  private static List<Integer> terminals(List<CallersStream> callers) {
    return callers.stream()
        .filter(each -> each.kind() == Kind.TERMINAL)
        .map(CallersStream::descriptor)
        .toList();
  }

  private static boolean isCopied(CallersStream stream) {
    return stream.kind() == Kind.FILE || stream.kind() == Kind.OTHER;
  }

  /** Finds the copy that serves a stream. Two outputs to one file share it, to keep their order. */
  private Optional<StreamCopy> copyOf(CallersStream stream) {
    return copies.stream()
        .filter(copy -> (copy.callers().descriptor() == 0) == (stream.descriptor() == 0))
        .filter(copy -> copy.callers().isSameFile(stream))
        .findFirst();
  }

  /** Returns what the plan says, for {@code --explain}: the descriptors have no numbers yet. */
  public static StandardStreams explained(List<CallersStream> callers) {
    List<Integer> terminals = terminals(callers);
    return new StandardStreams(
        callers.stream().map(each -> stream(each, -1)).toList(),
        terminals.isEmpty()
            ? Optional.empty()
            : Optional.of(
                new Pseudoterminal(
                    -1, -1, ByteString.EMPTY, ByteString.EMPTY, terminals.contains(0))));
  }

  /** Returns what the plan needs to know. */
  public StandardStreams plan() {
    return new StandardStreams(
        callers.stream()
            .map(each -> stream(each, copyOf(each).map(StreamCopy::childsEnd).orElse(-1)))
            .toList(),
        handover.map(this::pseudoterminal));
  }

  private static StandardStreams.Stream stream(CallersStream callers, int pipeEnd) {
    return switch (callers.kind()) {
      case TERMINAL -> new OnTerminal();
      case CHANNEL -> new Inherited();
      case NOTHING -> new NullDevice();
      case FILE, OTHER -> new PipeEnd(pipeEnd);
    };
  }

  private Pseudoterminal pseudoterminal(Handover pair) {
    CallersTerminal of = terminal.orElseThrow();
    ByteString size = of.size().orElse(ByteString.of(new byte[Terminal.WINSIZE_BYTES]));
    return new Pseudoterminal(
        pair.childsEnd(), pair.toolsEnd(), size, of.firstModes(), terminals(callers).contains(0));
  }

  /**
   * Begins to copy and to relay, once the child is cloned. Waits until the child has made its
   * terminal, or has ended: then nothing is read that another child could need.
   *
   * @param signals is told of signals that are typed
   */
  private void connect(SignalRelay signals) throws ErrnoException {
    if (handover.isPresent()) {
      OptionalInt master = handover.get().receive();
      if (master.isEmpty()) {
        return;
      }
      CallersTerminal of = terminal.orElseThrow();
      relay =
          Optional.of(
              new TerminalRelay(
                  calls,
                  of,
                  master.getAsInt(),
                  Pipes.open(calls, O_NONBLOCK),
                  signals::fromTerminal));
      signals.attach(relay.get());
      relay.get().start();
    }
    copies.forEach(StreamCopy::start);
  }

  /**
   * Connects a child, and waits for its end. A child that cannot be connected is killed.
   *
   * @param signals passes signals on to the child
   */
  public Ended await(Child child, SignalRelay signals) throws ErrnoException {
    signals.attach(child);
    try {
      connect(signals);
    } catch (ErrnoException e) {
      child.kill(Signals.SIGKILL);
      child.await();
      throw e;
    }
    JvmTimers.sleepLater(calls);
    return child.await();
  }

  /**
   * Ends what {@link #await} began, when the program has ended: writes all of its output, restores
   * the terminal, and gives back what was not read of a file.
   *
   * @param givesUp whether to wait no longer
   * @return the failure that lost bytes, if there was one
   */
  public Optional<Failure> finish(BooleanSupplier givesUp) {
    relay.ifPresent(each -> each.finish(givesUp));
    copies.forEach(each -> each.finish(givesUp));
    return copies.stream().flatMap(each -> each.failure().stream()).findFirst();
  }

  /**
   * Ends it as {@link #finish} does, where the program has left processes that may hold streams.
   */
  public void leave(BooleanSupplier givesUp) {
    relay.ifPresent(each -> each.finish(givesUp));
    copies.forEach(each -> each.leave(givesUp));
  }

  @Override
  public void close() {
    handover.ifPresent(Handover::close);
    copies.forEach(StreamCopy::close);
  }
}
