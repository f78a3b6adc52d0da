package nixbuildshell.plan;

import static nixbuildshell.plan.Argument.nothing;
import static nixbuildshell.plan.Argument.number;
import static nixbuildshell.plan.Argument.text;
import static nixbuildshell.plan.Constants.SIOCSIFFLAGS;

import java.util.ArrayList;
import java.util.List;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.plan.Argument.Data;
import nixbuildshell.plan.Argument.Number;
import nixbuildshell.sandbox.Network;
import nixbuildshell.sandbox.SandboxSpec;

/**
 * From a sandbox to the system calls that make it.
 *
 * <p>The child starts in the session's directory and stays there until the pivot, and every path of
 * the session is relative to it. So nothing here depends on where sessions live: no parent of
 * theirs has to be searchable after the ids have changed, nobody can swap one for a link, and a
 * comma or colon in a home directory's name cannot end an overlay's option early.
 *
 * <p>Run by root, the ids change half-way. What is made before belongs to nobody inside, as it does
 * in Nix, and the session (root's, 0700) can be reached. What works in its mounter's name
 * (overlayfs) goes after, because root has no name inside, and so does procfs.
 */
public final class Planner {

  /**
   * The descriptors that the child inherits for its set-up.
   *
   * @param goRead the pipe's end on which it waits for its maps
   * @param goWrite the pipe's other end, of which it has a copy to close
   */
  public record Descriptors(int goRead, int goWrite) {}

  private final SandboxSpec spec;
  private final Descriptors descriptors;
  private final OldKernel kernel;
  private final List<Step> steps = new ArrayList<>();

  private Planner(SandboxSpec spec, Descriptors descriptors, OldKernel kernel) {
    this.spec = spec;
    this.descriptors = descriptors;
    this.kernel = kernel;
  }

  /** The plan for a kernel that has all that is used. */
  public static Plan plan(SandboxSpec spec, Descriptors descriptors) {
    return plan(spec, descriptors, OldKernel.NONE);
  }

  public static Plan plan(SandboxSpec spec, Descriptors descriptors, OldKernel kernel) {
    return new Planner(spec, descriptors, kernel).plan();
  }

  private Plan plan() {
    boolean privileged = spec.identity().privileged();
    Handshake handshake = new Handshake(steps, descriptors);
    Root root = new Root(steps);
    Skeleton skeleton = new Skeleton(steps, kernel);
    handshake.waitForTheMaps();
    names();
    if (spec.network() == Network.LOOPBACK) {
      loopback();
    }
    root.makeTheMountsPrivate();
    root.mount(privileged);
    spec.entries().forEach(skeleton::place);
    spec.entries().forEach(skeleton::shut);
    if (privileged) {
      handshake.becomeTheBuilder(spec.identity());
    }
    if (spec.identity().isRange()) {
      ownControlGroups();
    }
    ownKeyring();
    spec.entries().forEach(skeleton::mountOwned);
    root.pivot();
    spec.entries().forEach(skeleton::bindFromInside);
    if (!privileged) {
      root.freeze();
    }
    if (spec.network() == Network.HOST) {
      AbstractSockets.shut(steps);
    }
    ProgramSteps.add(steps, kernel, spec.program(), spec.confinement());
    return new Plan(steps);
  }

  private void names() {
    if (spec.program().ownSession()) {
      add("start a session", Syscall.SETSID);
    }
    add("set the umask", Syscall.UMASK, Argument.octal(0));
    name("set the host name", Syscall.SETHOSTNAME, spec.hostName());
    name("set the domain name", Syscall.SETDOMAINNAME, spec.domainName());
  }

  private void name(String label, Syscall syscall, String name) {
    add(label, syscall, text(name), number(name.length()));
  }

  private void loopback() {
    int socket = steps.size();
    add(
        "open a socket to bring up the loopback interface",
        Syscall.SOCKET,
        new Number(2, "AF_INET"),
        new Number(2 | 0x80000, "SOCK_DGRAM|SOCK_CLOEXEC"),
        number(0));
    add(
        "bring up the loopback interface",
        Syscall.IOCTL,
        new Argument.Result(socket),
        SIOCSIFFLAGS,
        new Data(Structures.loopbackUp(), "{\"lo\", IFF_UP|IFF_LOOPBACK|IFF_RUNNING}"));
    add("close the socket", Syscall.CLOSE, new Argument.Result(socket));
  }

  /**
   * The caller's session keyring may hold his Kerberos or disk keys, and namespaces do not hide it.
   */
  private void ownKeyring() {
    steps.add(
        Step.of(
                "leave the caller's keyring",
                Syscall.KEYCTL,
                new Number(1, "KEYCTL_JOIN_SESSION_KEYRING"),
                nothing())
            .tolerating(Errno.ENOSYS, "a kernel without keyrings")
            .tolerating(Errno.EPERM, "a container's filter forbids keyrings, the caller's too"));
  }

  /** After the parent has moved it: the group that it is in becomes the root of all it sees. */
  private void ownControlGroups() {
    add(
        "see no control groups but its own",
        Syscall.UNSHARE,
        new Number(0x02000000, "CLONE_NEWCGROUP"));
  }

  private void add(String label, Syscall syscall, Argument... arguments) {
    steps.add(Step.of(label, syscall, arguments));
  }
}
