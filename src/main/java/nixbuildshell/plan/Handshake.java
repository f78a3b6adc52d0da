package nixbuildshell.plan;

import static nixbuildshell.plan.Argument.number;

import nixbuildshell.ByteString;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.plan.Argument.Data;
import nixbuildshell.plan.Argument.Number;
import nixbuildshell.sandbox.Identity;

/**
 * Ties the child to the tool: the child waits for its maps on a pipe, and a signal kills it when
 * the tool ends.
 */
record Handshake(Steps steps, PipeEnds pipe) {

  /** Sets the death signal, then reads: the pipe is closed if the parent died before. */
  void waitForTheMaps() {
    Number write = new Number(pipe.write(), "GO_WRITE");
    steps.add("close the parent's end of the pipe", Syscall.CLOSE, write);
    deathSignal();
    steps.add(readGo("get the go from nix-build-shell"));
  }

  /**
   * Changes to the build user, the group first, since setresgid needs a capability. New ids clear
   * the death signal, so it is set again. If the parent died meanwhile, the read returns 0.
   */
  void becomeTheBuildUser(Identity user) {
    Argument gid = number(user.gid());
    Argument uid = number(user.uid());
    steps.add("become the build group", Syscall.SETRESGID, gid, gid, gid);
    steps.add("become the build user", Syscall.SETRESUID, uid, uid, uid);
    deathSignal();
    Number command = new Number(4, "F_SETFL");
    Number flag = new Number(0x800, "O_NONBLOCK");
    steps.add("make the pipe non-blocking", Syscall.FCNTL, readEnd(), command, flag);
    steps.add(
        readGo("see that nix-build-shell is still there")
            .tolerating(Errno.EAGAIN, "the parent holds the pipe open"));
  }

  private void deathSignal() {
    Number option = new Number(1, "PR_SET_PDEATHSIG");
    steps.add("ask for a death signal", Syscall.PRCTL, option, new Number(9, "SIGKILL"));
  }

  private Step readGo(String label) {
    Data buffer = new Data(ByteString.of(new byte[8]), "buffer");
    return Step.of(label, Syscall.READ, readEnd(), buffer, number(1)).expecting(1);
  }

  private Number readEnd() {
    return new Number(pipe.read(), "GO_READ");
  }
}
