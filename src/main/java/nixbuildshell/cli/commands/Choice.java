package nixbuildshell.cli.commands;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import nixbuildshell.Failure;
import nixbuildshell.console.Messages;
import nixbuildshell.nix.Caller;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/** Asks the caller, on a terminal, which failed build to enter, and whether to build again. */
record Choice(Caller caller, Messages messages) {
  /** Decides whether there is a caller to ask. */
  boolean canAsk() {
    return caller.hasTerminal(0) && caller.hasTerminal(2);
  }

  /**
   * Returns the index of the line that the caller chooses.
   *
   * @param lines at least one
   * @return empty when the caller wants none
   */
  Optional<Integer> of(List<String> lines) {
    for (int i = 0; i < lines.size(); i++) {
      messages.note((i + 1) + ": " + lines.get(i));
    }
    while (true) {
      String answer = ask("enter which? [1-" + lines.size() + ", or nothing to leave] ");
      if (answer.isEmpty()) {
        return Optional.empty();
      } else if (answer.matches("[0-9]{1,6}")) {
        int number = Integer.parseInt(answer);
        if (number >= 1 && number <= lines.size()) {
          return Optional.of(number - 1);
        }
      }
    }
  }

  /** Decides whether to build again; without a caller to ask: no. */
  boolean again() {
    return canAsk() && ask("build again? [y/N] ").matches("[yY]([eE][sS])?");
  }

  /** Returns the caller's line, without blanks around it; an empty line for the end of input. */
  private String ask(String question) {
    // At a question Ctrl-C ends the tool; while a shell runs it is the shell's.
    Signal.handle(new Signal("INT"), SignalHandler.SIG_DFL);
    messages.stream().print("nix-build-shell: " + question);
    messages.stream().flush();
    StringBuilder line = new StringBuilder();
    // Byte by byte, unbuffered: what comes after the line is the shell's.
    InputStream in = new FileInputStream(FileDescriptor.in);
    try {
      for (int next = in.read(); next >= 0 && next != '\n'; next = in.read()) {
        line.append((char) next);
      }
    } catch (IOException e) {
      throw new Failure("cannot read the answer", e.getMessage(), "", e);
    }
    return line.toString().strip();
  }
}
