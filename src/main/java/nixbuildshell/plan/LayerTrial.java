package nixbuildshell.plan;

import static nixbuildshell.plan.Argument.number;

import java.util.ArrayList;
import java.util.List;
import nixbuildshell.abi.Syscall;
import nixbuildshell.sandbox.Entry.LayeredStore;
import nixbuildshell.sandbox.Identity;

/** What a throw-away child does to see whether an overlay can be mounted: it, and nothing else. */
public final class LayerTrial {
  private LayerTrial() {}

  /** The plan, to be run in a session's directory; when it can, the child exits. */
  public static Plan plan(Identity identity, LayeredStore store, Planner.Descriptors descriptors) {
    List<Step> steps = new ArrayList<>();
    Handshake handshake = new Handshake(steps, descriptors);
    handshake.waitForTheMaps();
    new Root(steps).makeTheMountsPrivate();
    if (identity.privileged()) {
      handshake.becomeTheBuilder(identity);
    }
    StoreSteps.tryLayers(steps, store);
    steps.add(Step.of("exit", Syscall.EXIT_GROUP, number(0)));
    return new Plan(steps);
  }
}
