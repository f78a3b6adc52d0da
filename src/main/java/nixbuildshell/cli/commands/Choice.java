package nixbuildshell.cli.commands;

import java.util.List;
import java.util.Optional;
import nixbuildshell.console.Messages;
import nixbuildshell.console.Question;
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
      String answer = question().ask("enter which? [1-" + lines.size() + ", or nothing to leave] ");
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
    return canAsk() && question().agrees("build again?");
  }

  private Question question() {
    // At a question Ctrl-C ends the tool; while a shell runs it is the shell's.
    Signal.handle(new Signal("INT"), SignalHandler.SIG_DFL);
    return new Question(messages);
  }
}
