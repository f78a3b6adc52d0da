package nixbuildshell.plan;

import static nixbuildshell.plan.Argument.nothing;
import static nixbuildshell.plan.Argument.number;
import static nixbuildshell.plan.Argument.text;

import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.plan.Argument.Number;
import nixbuildshell.sandbox.Network;
import nixbuildshell.sandbox.SandboxSpec;

/**
 * Plans the system calls that make a sandbox.
 *
 * <p>The child stays in the session's directory until the pivot, and all paths of the session are
 * relative to it. So the place of sessions does not matter: the build user need not search the
 * directories above, an attacker cannot replace one by a link, and a comma or colon in the name of
 * a home directory cannot end an option of the overlay.
 *
 * <p>For root, the ids change half-way. Files that are made before belong to user 65534 inside, as
 * in Nix, and the session (root's, 0700) can be reached. Overlayfs acts for its mounter, and root
 * has no id inside, so overlayfs and procfs are mounted after the change.
 */
public final class Planner {
  private final SandboxSpec spec;
  private final Steps steps = new Steps();

  private Planner(SandboxSpec spec) {
    this.spec = spec;
  }

  /** Returns the plan for a sandbox on this kernel. */
  public static Plan plan(
      SandboxSpec spec, PipeEnds pipe, StandardStreams streams, OldKernel kernel) {
    return new Planner(spec).plan(pipe, streams, kernel);
  }

  private Plan plan(PipeEnds pipe, StandardStreams streams, OldKernel kernel) {
    boolean privileged = spec.identity().privileged();
    Handshake handshake = new Handshake(steps, pipe);
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
      handshake.becomeTheBuildUser(spec.identity());
    }
    if (spec.identity().isRange()) {
      ownControlGroups();
    }
    ownKeyring(steps);
    spec.entries().forEach(skeleton::mountOwned);
    root.pivot();
    spec.entries().forEach(skeleton::bindFromInside);
    if (!privileged) {
      root.freeze();
    }
    if (spec.network() == Network.HOST) {
      shutAbstractSockets(steps);
    }
    new StreamSteps(steps).add(streams);
    new ProgramSteps(steps, kernel).add(spec);
    return steps.plan();
  }

  private void names() {
    steps.add("start a session", Syscall.SETSID);
    steps.add("set the umask", Syscall.UMASK, Argument.octal(0));
    name("set the host name", Syscall.SETHOSTNAME, spec.hostName());
    name("set the domain name", Syscall.SETDOMAINNAME, spec.domainName());
  }

  private void name(String label, Syscall syscall, String name) {
    steps.add(label, syscall, text(name), number(name.length()));
  }

  private void loopback() {
    Argument socket =
        steps.add(
            "open a socket to bring up the loopback interface",
            Syscall.SOCKET,
            new Number(2, "AF_INET"),
            new Number(2 | 0x80000, "SOCK_DGRAM|SOCK_CLOEXEC"),
            number(0));
    steps.add(
        "bring up the loopback interface",
        Syscall.IOCTL,
        socket,
        new Number(0x8914, "SIOCSIFFLAGS"),
        Constants.LOOPBACK_UP);
    steps.add("close the socket", Syscall.CLOSE, socket);
  }

  /** Leaves the caller's keyring: it may hold Kerberos or disk keys. Namespaces do not hide it. */
  static void ownKeyring(Steps steps) {
    Number operation = new Number(1, "KEYCTL_JOIN_SESSION_KEYRING");
    steps.add(
        Step.of("leave the caller's keyring", Syscall.KEYCTL, operation, nothing())
            .tolerating(Errno.ENOSYS, "a kernel without keyrings")
            .tolerating(Errno.EPERM, "a container's filter forbids keyrings, the caller's too"));
  }

  /** Hides all control groups but that of the child, where the parent has moved it. */
  private void ownControlGroups() {
    Number flag = new Number(0x02000000, "CLONE_NEWCGROUP");
    steps.add("see no control groups but its own", Syscall.UNSHARE, flag);
  }

  /**
   * Shuts off the host's abstract Unix sockets (of D-Bus or an X server, for instance): they belong
   * to the network namespace, which is the host's. Nix does so for every build since 2.33.6, 2.34.8
   * and 2.35 ({@code setupLandlock} in linux-derivation-builder.cc), and goes on where the kernel
   * cannot.
   */
  static void shutAbstractSockets(Steps steps) {
    Argument ruleset =
        steps.add(
            Step.of(
                    "describe a Landlock scope",
                    Syscall.LANDLOCK_CREATE_RULESET,
                    Constants.ABSTRACT_SOCKETS,
                    number(Constants.ABSTRACT_SOCKETS.value().length()),
                    number(0))
                .tolerating(Errno.ENOSYS, "a kernel without Landlock")
                .tolerating(Errno.EOPNOTSUPP, "Landlock is switched off")
                .tolerating(Errno.E2BIG, "a kernel before 6.12, which has no scopes")
                .tolerating(Errno.EPERM, "a container's filter forbids Landlock"));
    steps.add(
        Step.of(
                "keep away from abstract sockets outside",
                Syscall.LANDLOCK_RESTRICT_SELF,
                ruleset,
                number(0))
            .tolerating(Errno.EBADF, "there is no such scope")
            .tolerating(Errno.ENOSYS, "a kernel without Landlock")
            .tolerating(Errno.EOPNOTSUPP, "Landlock is switched off")
            .tolerating(Errno.EPERM, "a container's filter forbids Landlock"));
  }
}
