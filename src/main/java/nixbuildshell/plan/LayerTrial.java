package nixbuildshell.plan;

import static nixbuildshell.plan.Argument.number;

import nixbuildshell.abi.Syscall;
import nixbuildshell.sandbox.Entry.LayeredStore;
import nixbuildshell.sandbox.Identity;

/** Plans what a throw-away child does to see whether an overlay can be mounted: that alone. */
public final class LayerTrial {
  private LayerTrial() {}

  /** Returns the plan, to be run in a session's directory; when it can, the child exits. */
  public static Plan plan(Identity identity, LayeredStore store, PipeEnds pipe) {
    Steps steps = new Steps();
    Handshake handshake = new Handshake(steps, pipe);
    handshake.waitForTheMaps();
    new Root(steps).makeTheMountsPrivate();
    if (identity.privileged()) {
      handshake.becomeTheBuildUser(identity);
    }
    new StoreMounts(steps, OldKernel.NONE).tryLayers(store);
    steps.add("exit", Syscall.EXIT_GROUP, number(0));
    return steps.plan();
  }
}
