package nixbuildshell.enter;

import nixbuildshell.sandbox.SandboxSpec;
import nixbuildshell.session.Session;

/** Runs a sandbox to its end. */
interface Launcher {
  /**
   * Returns the exit status.
   *
   * @param session has the sandbox's directories
   * @throws nixbuildshell.Failure when the sandbox cannot be made
   */
  int run(SandboxSpec spec, Session session);

  /** Hears that no further sandbox is run. */
  default void leave() {}
}
