package nixbuildshell.enter;

import nixbuildshell.capture.BuilderCall;
import nixbuildshell.capture.FailedBuild;
import nixbuildshell.console.Messages;
import nixbuildshell.nix.Caller;
import nixbuildshell.sandbox.Program;
import nixbuildshell.session.About;
import nixbuildshell.shell.CommandLineOfShell;
import nixbuildshell.shell.DirectCommand;
import nixbuildshell.shell.Start;

/** What the command line wants to be run: a shell, the COMMAND, or the builder again. */
record Invocation(Options options, Caller caller, Messages messages) {

  /** The program for a new copy; the builder's call is said. */
  Program program(FailedBuild build, Start start) {
    if (!options.builder()) {
      return command(start);
    }
    BuilderCall call = build.call().orElseThrow();
    Program program = DirectCommand.builder(call, ownSession());
    messages.note("the builder: " + DirectCommand.line(call));
    return program;
  }

  /** The program for a session, where the builder cannot be asked for. */
  Program command(Start start) {
    boolean terminal = caller.hasTerminal(0);
    return CommandLineOfShell.program(start, options.command(), terminal, ownSession());
  }

  /** Whether somebody works in the sandbox. */
  About.Kind kind() {
    boolean terminal = caller.hasTerminal(0);
    return !options.builder() && CommandLineOfShell.isInteractive(options.command(), terminal)
        ? About.Kind.INTERACTIVE
        : About.Kind.COMMAND;
  }

  /** Without any terminal to share, as a build has none, it gets a session of its own. */
  private boolean ownSession() {
    return caller.terminals().isEmpty();
  }
}
