package nixbuildshell.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import nixbuildshell.plan.Errno;

/**
 * What to do about a step of the set-up that failed. errno alone does not say: the kernel has a
 * dozen reasons for EPERM, so the settings that forbid user namespaces are read and named.
 */
final class Advice {
  private final Path proc;

  /**
   * @param proc where procfs is mounted
   */
  Advice(Path proc) {
    this.proc = proc;
  }

  /**
   * Advice on a failed clone.
   *
   * @return a remedy for {@link nixbuildshell.Failure}; empty when nothing sensible can be said
   */
  String onClone(Errno errno) {
    String limit = setting("user/max_user_namespaces");
    return switch (errno) {
      case ENOSPC ->
          limit.equals("0")
              ? "user namespaces are switched off: sysctl user.max_user_namespaces is 0; set it to"
                  + " 15000, say (as root: sysctl -w user.max_user_namespaces=15000)"
              : "no more user namespaces can be made: sysctl user.max_user_namespaces is "
                  + limit
                  + ", and they nest 32 deep at most";
      case EPERM, EACCES -> onRefusal();
      case EINVAL, ENOSYS -> "this kernel was built without a kind of namespace that is needed";
      case EAGAIN -> "there are too many processes (ulimit -u, or the cgroup's pids.max)";
      case ENOMEM -> "there is not enough memory";
      default -> "";
    };
  }

  private String onRefusal() {
    if (setting("kernel/unprivileged_userns_clone").equals("0")) {
      return "user namespaces are for root alone here: sysctl kernel.unprivileged_userns_clone is 0;"
          + " set it to 1 (as root: sysctl -w kernel.unprivileged_userns_clone=1)";
    }
    String appArmor = onAppArmor();
    return appArmor.isEmpty()
        ? "something forbids user namespaces: a chroot, a container's seccomp filter or a security"
            + " module; run it outside of that"
        : appArmor;
  }

  private String onAppArmor() {
    return setting("kernel/apparmor_restrict_unprivileged_userns").equals("1")
        ? "AppArmor restricts user namespaces: sysctl kernel.apparmor_restrict_unprivileged_userns is 1;"
            + " set it to 0 (as root: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0), or give"
            + " this Java a profile with the rule \"userns,\""
        : "";
  }

  /**
   * Advice on a failed step of the plan.
   *
   * @param label the step's label
   */
  String onStep(String label, Errno errno) {
    boolean refused = errno == Errno.EPERM || errno == Errno.EACCES;
    if (refused && !onAppArmor().isEmpty()) {
      return onAppArmor();
    }
    return switch (label) {
      case "mount /proc" ->
          refused
              ? "parts of the host's /proc are mounted over or it is not there in full, as in many"
                  + " containers, and the kernel then gives no new one: run it outside the container, or"
                  + " give that an unmasked /proc (docker run --security-opt systempaths=unconfined)"
              : "";
      case "mount /nix/store" ->
          "overlayfs in a user namespace needs Linux 5.11, and the session's directory on a file system"
              + " that can carry it (not NFS or another overlay): choose one with --work-dir";
      case "make the store paths read-only" -> "Linux 5.12 or later is needed";
      case "filter system calls" ->
          refused
              ? "a container or a security module may forbid it: run it outside of that"
              : "the kernel has no system call filters (CONFIG_SECCOMP_FILTER), or is an emulation"
                  + " without them; Nix's own sandbox needs them, too";
      case "set the personality" ->
          "the derivation is for a 32-bit system, which this machine cannot run";
      case "close inherited descriptors" -> "Linux 5.9 or later is needed";
      default ->
          refused ? "a container or a security module may forbid it: run it outside of that" : "";
    };
  }

  private String setting(String name) {
    try {
      return Files.readString(proc.resolve("sys").resolve(name)).strip();
    } catch (IOException e) {
      return "";
    }
  }
}
