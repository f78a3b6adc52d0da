package nixbuildshell.plan;

import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.plan.StandardStreams.Inherited;
import nixbuildshell.plan.StandardStreams.NullDevice;
import nixbuildshell.plan.StandardStreams.OnTerminal;
import nixbuildshell.plan.StandardStreams.PipeEnd;
import nixbuildshell.plan.StandardStreams.Pseudoterminal;

/** Makes descriptors 0, 1 and 2 of programs. */
public final class SampleStreams {
  public static final StandardStreams INHERITED =
      new StandardStreams(
          List.of(new Inherited(), new Inherited(), new Inherited()), Optional.empty());

  /** Has one of each kind but a terminal. */
  static final StandardStreams WITHOUT_TERMINAL =
      new StandardStreams(
          List.of(new NullDevice(), new Inherited(), new PipeEnd(7)), Optional.empty());

  private SampleStreams() {}

  /** Returns streams that need all steps; the numbers are those of open descriptors. */
  public static StandardStreams ofAllKinds(int pipeEnd, int childsEnd, int toolsEnd) {
    return new StandardStreams(
        List.of(new NullDevice(), new PipeEnd(pipeEnd), new OnTerminal()),
        onTerminal(childsEnd, toolsEnd).terminal());
  }

  /** Returns three streams on a pseudoterminal, which is sent through this socket pair. */
  public static StandardStreams onTerminal(int childsEnd, int toolsEnd) {
    ByteString size = ByteString.of(new byte[] {50, 0, 100, 0, 0, 0, 0, 0});
    return new StandardStreams(
        List.of(new OnTerminal(), new OnTerminal(), new OnTerminal()),
        Optional.of(
            new Pseudoterminal(childsEnd, toolsEnd, size, ByteString.of(new byte[36]), true)));
  }
}
