package nixbuildshell.plan;

import static nixbuildshell.plan.Argument.number;
import static nixbuildshell.plan.Constants.PR_SET_PDEATHSIG;

import java.util.List;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.plan.Argument.Data;
import nixbuildshell.plan.Argument.Number;
import nixbuildshell.sandbox.Identity;

/**
 * What ties the child to the tool: the pipe on which it waits for its maps, and the signal that it
 * dies of when the tool does.
 */
final class Handshake {
  private final List<Step> steps;
  private final Planner.Descriptors descriptors;

  Handshake(List<Step> steps, Planner.Descriptors descriptors) {
    this.steps = steps;
    this.descriptors = descriptors;
  }

  /** The death signal first: when the parent is gone before, the read finds the pipe closed. */
  void waitForTheMaps() {
    steps.add(
        Step.of(
            "close the parent's end of the pipe",
            Syscall.CLOSE,
            new Number(descriptors.goWrite(), "GO_WRITE")));
    deathSignal();
    steps.add(readGo("get the go from nix-build-shell"));
  }

  /**
   * Group before user, since setresgid needs a capability. Changing ids clears the death signal;
   * should the parent have died before it is set again, its end of the pipe is closed and the read
   * gives 0.
   */
  void becomeTheBuilder(Identity builder) {
    Argument gid = number(builder.gid());
    Argument uid = number(builder.uid());
    steps.add(Step.of("become the build group", Syscall.SETRESGID, gid, gid, gid));
    steps.add(Step.of("become the build user", Syscall.SETRESUID, uid, uid, uid));
    deathSignal();
    steps.add(
        Step.of(
            "make the pipe non-blocking",
            Syscall.FCNTL,
            pipe(),
            new Number(4, "F_SETFL"),
            new Number(0x800, "O_NONBLOCK")));
    steps.add(
        readGo("see that nix-build-shell is still there")
            .tolerating(Errno.EAGAIN, "the parent holds the pipe open"));
  }

  private void deathSignal() {
    Argument signal = new Number(9, "SIGKILL");
    steps.add(Step.of("ask for a death signal", Syscall.PRCTL, PR_SET_PDEATHSIG, signal));
  }

  private Step readGo(String label) {
    Argument buffer = new Data(ByteString.of(new byte[8]), "buffer");
    return Step.of(label, Syscall.READ, pipe(), buffer, number(1)).expecting(1);
  }

  private Argument pipe() {
    return new Number(descriptors.goRead(), "GO_READ");
  }
}
