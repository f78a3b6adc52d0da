package nixbuildshell.plan;

import static nixbuildshell.plan.Argument.nothing;
import static nixbuildshell.plan.Argument.number;
import static nixbuildshell.plan.Argument.text;
import static nixbuildshell.plan.Constants.*;

import java.util.ArrayList;
import java.util.List;
import nixbuildshell.ByteString;
import nixbuildshell.plan.Argument.Data;
import nixbuildshell.plan.Argument.Number;
import nixbuildshell.sandbox.Identity;
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
 * <p>Run by root, the ids change half-way. Bind mounts go before, while the session (root's, 0700)
 * can be reached; what gets an owner when it is mounted (tmpfs, procfs, overlayfs) goes after,
 * because root has no name inside, and a file system that belongs to nobody refuses every file
 * (EOVERFLOW).
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
  private final List<Step> steps = new ArrayList<>();

  private Planner(SandboxSpec spec, Descriptors descriptors) {
    this.spec = spec;
    this.descriptors = descriptors;
  }

  public static Plan plan(SandboxSpec spec, Descriptors descriptors) {
    return new Planner(spec, descriptors).plan();
  }

  private Plan plan() {
    waitForTheMaps();
    names();
    if (spec.network() == Network.LOOPBACK) {
      loopback();
    }
    newRoot();
    Skeleton skeleton = new Skeleton(steps);
    spec.entries().forEach(skeleton::place);
    if (spec.identity().privileged()) {
      becomeTheBuilder();
    }
    ownKeyring();
    spec.entries().forEach(skeleton::mountOwned);
    pivot();
    spec.entries().forEach(skeleton::bindFromInside);
    if (!spec.identity().privileged()) {
      freezeTheRoot();
    }
    ProgramSteps.add(steps, spec.program(), spec.confinement());
    return new Plan(steps);
  }

  /** The death signal first: when the parent is gone before, the read finds the pipe closed. */
  private void waitForTheMaps() {
    add("close the parent's end of the pipe", Syscall.CLOSE, go(descriptors.goWrite(), "GO_WRITE"));
    deathSignal();
    steps.add(
        Step.of(
                "get the go from nix-build-shell",
                Syscall.READ,
                go(descriptors.goRead(), "GO_READ"),
                new Data(ByteString.of(new byte[8]), "buffer"),
                number(1))
            .expecting(1));
  }

  private void deathSignal() {
    add("ask for a death signal", Syscall.PRCTL, PR_SET_PDEATHSIG, new Number(9, "SIGKILL"));
  }

  private static Argument go(int descriptor, String text) {
    return new Number(descriptor, text);
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

  private void newRoot() {
    add(
        "make the mounts private",
        Syscall.MOUNT,
        nothing(),
        text("/"),
        nothing(),
        flags("MS_REC|MS_PRIVATE", MS_REC | MS_PRIVATE),
        nothing());
    if (spec.identity().privileged()) {
      add(
          "mount the root file system",
          Syscall.MOUNT,
          text(ROOT),
          text(ROOT),
          nothing(),
          flags("MS_BIND", MS_BIND),
          nothing());
    } else {
      add(
          "mount the root file system",
          Syscall.MOUNT,
          text("tmpfs"),
          text(ROOT),
          text("tmpfs"),
          flags("MS_NOSUID|MS_NODEV", MS_NOSUID | MS_NODEV),
          text("mode=0750"));
    }
  }

  /**
   * Group before user, since setresgid needs a capability. Changing ids clears the death signal;
   * should the parent have died before it is set again, its end of the pipe is closed and the read
   * gives 0.
   */
  private void becomeTheBuilder() {
    Argument gid = number(Identity.GID);
    Argument uid = number(Identity.UID);
    add("become the build group", Syscall.SETRESGID, gid, gid, gid);
    add("become the build user", Syscall.SETRESUID, uid, uid, uid);
    deathSignal();
    Argument pipe = go(descriptors.goRead(), "GO_READ");
    add(
        "make the pipe non-blocking",
        Syscall.FCNTL,
        pipe,
        new Number(4, "F_SETFL"),
        new Number(0x800, "O_NONBLOCK"));
    steps.add(
        Step.of(
                "see that nix-build-shell is still there",
                Syscall.READ,
                pipe,
                new Data(ByteString.of(new byte[8]), "buffer"),
                number(1))
            .expecting(1)
            .tolerating(Errno.EAGAIN, "the parent holds the pipe open"));
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

  /**
   * Both arguments of pivot_root are the new root: the old one comes to lie on top of it and is
   * taken off by its name, ".", so no directory for it is needed (pivot_root(2), "pivot_root(".",
   * ".")").
   */
  private void pivot() {
    add("enter the new root", Syscall.CHDIR, text(ROOT));
    add("change the root", Syscall.PIVOT_ROOT, text("."), text("."));
    add("take off the old root", Syscall.UMOUNT2, text("."), new Number(2, "MNT_DETACH"));
  }

  /** An ordinary user's skeleton belongs to 1000, who must not be able to change it either. */
  private void freezeTheRoot() {
    add(
        "make the root read-only",
        Syscall.MOUNT,
        nothing(),
        text("/"),
        nothing(),
        flags(
            "MS_REMOUNT|MS_BIND|MS_RDONLY|MS_NOSUID|MS_NODEV",
            MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV),
        nothing());
  }

  private void add(String label, Syscall syscall, Argument... arguments) {
    steps.add(Step.of(label, syscall, arguments));
  }
}
