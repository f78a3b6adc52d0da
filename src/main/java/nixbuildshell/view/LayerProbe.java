package nixbuildshell.view;

import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.launch.GoPipe;
import nixbuildshell.launch.Launch;
import nixbuildshell.plan.Outcome;
import nixbuildshell.plan.Plan;
import nixbuildshell.plan.Planner;
import nixbuildshell.sandbox.Identity;
import nixbuildshell.sandbox.Network;
import nixbuildshell.sandbox.NixSandbox;
import nixbuildshell.store.NixStore;

/**
 * Tries whether an overlay can be mounted in a sandbox. Kernels before 5.11 refuse it in a user
 * namespace, and some containers and security modules always do.
 *
 * @param session the descriptor of the session's directory
 */
public record LayerProbe(SystemCalls calls, NixStore nix, Identity identity, int session) {

  /** Mounts an overlay in a child that ends at once. */
  public boolean mounts() {
    FutureTask<Boolean> trial = new FutureTask<>(this::tried);
    // The cloning thread moves into the session and may lose its groups, so it is another one.
    new Thread(trial, "overlay probe").start();
    try {
      return trial.get();
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  private boolean tried() {
    GoPipe go = GoPipe.open(calls);
    Plan plan = Planner.layerTrial(identity, NixSandbox.layers(nix), go.ends());
    try {
      return Launch.of(plan, identity, Network.HOST, session, Optional.empty())
              .start(calls, go)
              .await()
              .outcome()
          instanceof Outcome.Ran;
    } catch (ErrnoException e) {
      return false; // The sandbox's own launch will fail in the same way, and tell why.
    }
  }
}
