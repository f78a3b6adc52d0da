package nixbuildshell.host;

import java.util.List;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.plan.Step;

/**
 * What to do about a part of the set-up that failed. errno alone does not say: the kernel has a
 * dozen reasons for EPERM, so the settings that forbid it are read and named.
 */
public final class Advice {
  private static final String OUTSIDE =
      "a container or a security module may forbid it: run it outside of that";
  private static final String FILTERED =
      "this process is below a filter of system calls, as in a container: run it outside, or let the"
          + " container do without (docker or podman run --security-opt seccomp=unconfined)";
  private static final int MOST_NAMED = 5;

  private final Restrictions host;

  public Advice(Restrictions host) {
    this.host = host;
  }

  /**
   * Advice on a launch that was refused.
   *
   * @param syscall that was refused
   * @return a remedy for {@link nixbuildshell.Failure}; empty when nothing sensible can be said
   */
  public String onLaunch(Syscall syscall, Errno errno) {
    return switch (syscall) {
      case SETGROUPS ->
          errno == Errno.EPERM
              ? "root has no CAP_SETGID here, as in some containers: run it as an ordinary user"
              : "";
      case WRITE ->
          "the user and the group must have numbers in this user namespace: a container may have been"
              + " given too few";
      default -> onClone(errno);
    };
  }

  private String onClone(Errno errno) {
    return switch (errno) {
      case ENOSPC -> onLimit();
      case EPERM, EACCES -> onRefusal();
      case EINVAL, ENOSYS -> "this kernel was built without a kind of namespace that is needed";
      case EAGAIN -> "there are too many processes (ulimit -u, or the cgroup's pids.max)";
      case ENOMEM -> "there is not enough memory";
      default -> "";
    };
  }

  private String onLimit() {
    return host.forbiddenKind()
        .map(kind -> "user.max_" + kind + "_namespaces")
        .map(name -> switchedOff(name))
        .orElseGet(
            () ->
                "no more user namespaces can be made: sysctl user.max_user_namespaces is "
                    + host.sysctl("user/max_user_namespaces")
                    + ", and they nest 32 deep at most");
  }

  private static String switchedOff(String name) {
    return String.format(
        "such namespaces are switched off: sysctl %s is 0; set it to 15000, say (as root: sysctl -w"
            + " %s=15000)",
        name, name);
  }

  private String onRefusal() {
    if (host.sysctl("kernel/unprivileged_userns_clone").equals("0")) {
      return "user namespaces are for root alone here: sysctl kernel.unprivileged_userns_clone is 0;"
          + " set it to 1 (as root: sysctl -w kernel.unprivileged_userns_clone=1)";
    } else if (host.isRestrictedByAppArmor()) {
      return onAppArmor();
    } else if (host.isChroot()) {
      return "this is a chroot, and in one the kernel makes no user namespaces: leave it, or enter the"
          + " directory with pivot_root(8) in a mount namespace instead (as bwrap and systemd-nspawn do)";
    } else if (host.isFiltered()) {
      return FILTERED;
    }
    return "something forbids user namespaces: a chroot, a container's seccomp filter or a security"
        + " module; run it outside of that";
  }

  private static String onAppArmor() {
    return "AppArmor restricts user namespaces: sysctl kernel.apparmor_restrict_unprivileged_userns is 1;"
        + " set it to 0 (as root: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0), or give"
        + " this Java a profile with the rule \"userns,\"";
  }

  /**
   * Returns advice on a failed step of the plan.
   *
   * @return a remedy for {@link nixbuildshell.Failure}; empty when nothing sensible can be said
   */
  public String onStep(Step.Kind kind, Errno errno) {
    boolean refused = errno == Errno.EPERM || errno == Errno.EACCES;
    if (refused && host.isRestrictedByAppArmor()) {
      return onAppArmor();
    } else if (errno == Errno.EACCES && host.isEnforcedBySelinux()) {
      return "SELinux enforces its policy here (/sys/fs/selinux/enforce is 1): as root, ausearch -m avc -ts"
          + " recent shows what it denied, and setenforce 0 whether it is to blame";
    }
    return switch (kind) {
      case MOUNT_PROC -> refused ? onProc() : "";
      case MOUNT_OVERLAY -> onOverlay(errno);
      case FILTER_CALLS ->
          refused
              ? generally(errno)
              : "the kernel has no system call filters (CONFIG_SECCOMP_FILTER), or is an emulation"
                  + " without them; Nix's own sandbox needs them, too";
      case SET_PERSONALITY ->
          errno == Errno.EPERM
              ? generally(errno)
              : "the derivation is for a 32-bit system, which this machine cannot run";
      case CHANGE_ROOT ->
          errno == Errno.EINVAL
              ? "the host's own root is the initial ram file system, which cannot be exchanged: leave it"
                  + " with switch_root(8) first"
              : generally(errno);
      case EXECUTE, OTHER -> generally(errno);
    };
  }

  private String generally(Errno errno) {
    return switch (errno) {
      case EPERM, EACCES -> host.isFiltered() ? FILTERED : OUTSIDE;
      case ENOSYS -> "this kernel is too old, or a container's filter hides the system call";
      default -> "";
    };
  }

  /** The kernel gives no new procfs to who cannot see all of the old one (EPERM). */
  private String onProc() {
    List<String> covers = host.coversOfProc();
    String some = String.join(" ", covers.subList(0, Math.min(MOST_NAMED, covers.size())));
    return "parts of the host's /proc are mounted over"
        + (covers.isEmpty() ? "" : " (" + some + (covers.size() > MOST_NAMED ? " …" : "") + ")")
        + " or it is not there in full, as in many containers, and the kernel then gives no new one: run it"
        + " outside the container, or give that an unmasked /proc (docker run --security-opt"
        + " systempaths=unconfined, podman run --security-opt unmask=ALL)";
  }

  private static String onOverlay(Errno errno) {
    String known =
        "; none is needed where it is known what the build saw of the store, as from the setup hook";
    return switch (errno) {
      case EPERM ->
          "the kernel mounts no overlay in a user namespace (Linux 5.11 and later do), or a container"
              + " forbids it"
              + known;
      case ENODEV -> "the kernel has no overlayfs (as root: modprobe overlay)" + known;
      case EINVAL ->
          "the session's directory must be on a file system that an overlay can write to (not NFS or"
              + " another overlay): name one with --work-dir"
              + known;
      default -> "";
    };
  }
}
