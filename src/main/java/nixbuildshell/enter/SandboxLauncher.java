package nixbuildshell.enter;

import java.util.List;
import java.util.function.Supplier;
import nixbuildshell.console.Messages;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.launch.HeldMounts;
import nixbuildshell.sandbox.SandboxSpec;
import nixbuildshell.session.Session;
import nixbuildshell.terminal.CallersStream;
import nixbuildshell.terminal.SignalRelay;

/**
 * Runs the sandboxes of this process, one after the other.
 *
 * @param streams returns the caller's descriptors 0, 1 and 2
 */
record SandboxLauncher(
    SystemCalls calls,
    HeldMounts mounts,
    Supplier<List<CallersStream>> streams,
    SignalRelay signals,
    Messages messages)
    implements Launcher {
  @Override
  public int run(SandboxSpec spec, Session session) {
    return new SandboxRun(calls, mounts, spec, session, streams.get(), signals, messages).run();
  }

  @Override
  public void leave() {
    mounts.leave();
  }
}
