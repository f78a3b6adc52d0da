package nixbuildshell.host;

import java.util.List;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.plan.Step;

/**
 * Advises what to do about a part of the set-up that failed. errno alone does not tell: the kernel
 * has a dozen reasons for EPERM, so the advice names the setting that forbids it. Each remedy is to
 * stand after "Try:" in a message.
 */
public final class Advice {
  private static final String OUTSIDE =
      "run nix-build-shell outside of a container: a container or a security module may forbid"
          + " this";
  private static final String FILTERED =
      "run nix-build-shell outside of the container, or the container without a filter of system"
          + " calls (docker or podman run --security-opt seccomp=unconfined): one is active here";
  private static final String ON_APP_ARMOR =
      "set sysctl kernel.apparmor_restrict_unprivileged_userns to 0 (as root: sysctl -w"
          + " kernel.apparmor_restrict_unprivileged_userns=0), or give this Java an AppArmor"
          + " profile with the rule \"userns,\": AppArmor restricts user namespaces";
  private static final int MOST_NAMED = 5;

  private final Restrictions host;

  public Advice(Restrictions host) {
    this.host = host;
  }

  /**
   * Returns advice on a launch that the kernel refused.
   *
   * @param syscall the refused system call
   * @return a remedy for {@link nixbuildshell.Failure}; empty when nothing sensible can be said
   */
  public String onLaunch(Syscall syscall, Errno errno) {
    return switch (syscall) {
      case SETGROUPS ->
          errno == Errno.EPERM
              ? "run nix-build-shell as an ordinary user: root has no CAP_SETGID here, as in some"
                  + " containers"
              : "";
      case WRITE ->
          "give the container more ids: the user and the group must have numbers in this user"
              + " namespace";
      default -> onClone(errno);
    };
  }

  private String onClone(Errno errno) {
    return switch (errno) {
      case ENOSPC -> onLimit();
      case EPERM, EACCES -> onRefusal();
      case EINVAL, ENOSYS -> "another kernel: this one was built without a kind of namespace";
      case EAGAIN -> "raise the limit of processes (ulimit -u, or the cgroup's pids.max)";
      case ENOMEM -> "free some memory: there is not enough";
      default -> "";
    };
  }

  private String onLimit() {
    return host.forbiddenKind()
        .map(kind -> "user.max_" + kind + "_namespaces")
        .map(
            name ->
                String.format(
                    "allow such namespaces (as root: sysctl -w %s=15000): sysctl %s is 0",
                    name, name))
        .orElseGet(
            () ->
                "end other sandboxes, or nest fewer: user namespaces nest 32 deep at most, and"
                    + " sysctl user.max_user_namespaces is "
                    + host.sysctl("user/max_user_namespaces"));
  }

  private String onRefusal() {
    if (host.sysctl("kernel/unprivileged_userns_clone").equals("0")) {
      return "set sysctl kernel.unprivileged_userns_clone to 1 (as root: sysctl -w"
          + " kernel.unprivileged_userns_clone=1): it is 0, so only root can make user namespaces";
    } else if (host.isRestrictedByAppArmor()) {
      return ON_APP_ARMOR;
    } else if (host.isChroot()) {
      return "leave the chroot, or enter its directory with pivot_root(8) in a mount namespace, as"
          + " bwrap and systemd-nspawn do: this is a chroot, where the kernel makes no user"
          + " namespaces";
    } else if (host.isFiltered()) {
      return FILTERED;
    }
    return "run nix-build-shell outside of a chroot, of a container's seccomp filter and of a"
        + " security module: one of them forbids user namespaces";
  }

  /**
   * Returns advice on a failed step of the plan.
   *
   * @return a remedy for {@link nixbuildshell.Failure}; empty when nothing sensible can be said
   */
  public String onStep(Step.Kind kind, Errno errno) {
    boolean refused = errno == Errno.EPERM || errno == Errno.EACCES;
    if (refused && host.isRestrictedByAppArmor()) {
      return ON_APP_ARMOR;
    } else if (errno == Errno.EACCES && host.isEnforcedBySelinux()) {
      return "look for what SELinux denied (as root: ausearch -m avc -ts recent), or check with"
          + " setenforce 0: it enforces its policy here (/sys/fs/selinux/enforce is 1)";
    }
    return switch (kind) {
      case MOUNT_PROC -> refused ? onProc() : "";
      case MOUNT_OVERLAY -> onOverlay(errno);
      case FILTER_CALLS ->
          refused
              ? generally(errno)
              : "a kernel with system call filters (CONFIG_SECCOMP_FILTER): this one, or an"
                  + " emulation, has none; Nix's own sandbox needs them, too";
      case SET_PERSONALITY ->
          errno == Errno.EPERM
              ? generally(errno)
              : "a machine that runs 32-bit programs: the derivation is for a 32-bit system";
      case CHANGE_ROOT ->
          errno == Errno.EINVAL
              ? "leave the initial ram file system with switch_root(8): it is the host's root, and"
                  + " the kernel cannot exchange it"
              : generally(errno);
      case EXECUTE, MAKE_TERMINAL, OTHER -> generally(errno);
    };
  }

  private String generally(Errno errno) {
    return switch (errno) {
      case EPERM, EACCES -> host.isFiltered() ? FILTERED : OUTSIDE;
      case ENOSYS ->
          "a newer kernel, or no container: this kernel is too old, or a filter hides the system"
              + " call";
      default -> "";
    };
  }

  /** Advises on procfs: the kernel makes none where a part of the old one is hidden (EPERM). */
  private String onProc() {
    List<String> covers = host.coversOfProc();
    String some = String.join(" ", covers.subList(0, Math.min(MOST_NAMED, covers.size())));
    return "run nix-build-shell outside of the container, or give the container an unmasked /proc"
        + " (docker run --security-opt systempaths=unconfined, podman run --security-opt"
        + " unmask=ALL): parts of the host's /proc are mounted over"
        + (covers.isEmpty() ? "" : " (" + some + (covers.size() > MOST_NAMED ? " …" : "") + ")")
        + " or missing, and the kernel then makes no new one";
  }

  private static String onOverlay(Errno errno) {
    String known =
        "; no overlay is needed when it is known what the build saw of the store, as with the setup"
            + " hook";
    return switch (errno) {
      case EPERM ->
          "Linux 5.11 or later, outside of a container: older kernels mount no overlay in a user"
              + " namespace"
              + known;
      case ENODEV -> "load the module (as root: modprobe overlay): there is no overlayfs" + known;
      case EINVAL ->
          "name a directory on another file system with --work-dir: an overlay cannot write to NFS"
              + " or to another overlay"
              + known;
      default -> "";
    };
  }
}
