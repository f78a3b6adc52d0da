package nixbuildshell.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The setting to blame is named, whichever of them forbids it. */
class AdviceTest {
  @TempDir Path root;

  @ParameterizedTest
  @CsvSource({
    "user/max_user_namespaces, 0, ENOSPC, user.max_user_namespaces is 0",
    "user/max_net_namespaces, 0, ENOSPC, sysctl -w user.max_net_namespaces=15000",
    "user/max_user_namespaces, 95, ENOSPC, user.max_user_namespaces is 95",
    "kernel/unprivileged_userns_clone, 0, EPERM, sysctl -w kernel.unprivileged_userns_clone=1",
    "kernel/apparmor_restrict_unprivileged_userns, 1, EACCES, apparmor_restrict_unprivileged_userns=0",
    "kernel/apparmor_restrict_unprivileged_userns, 0, EPERM, chroot",
    "kernel/unprivileged_userns_clone, 1, EPERM, chroot"
  })
  void namesTheSettingThatForbidsTheClone(String file, String value, Errno errno, String named)
      throws IOException {
    set(file, value);
    String advice = advice().onLaunch(Syscall.CLONE, errno);
    assertTrue(advice.contains(named), advice);
  }

  @ParameterizedTest
  @CsvSource({
    "mount /proc, EPERM, systempaths=unconfined",
    "mount /nix/store, EINVAL, --work-dir",
    "mount /nix/store, EPERM, 5.11",
    "mount /nix/store, ENODEV, modprobe overlay",
    "change the root, EINVAL, switch_root",
    "change the root, EPERM, security module",
    "close inherited descriptors, ENOSYS, too old",
    "set the host name, EPERM, security module",
    "set the personality, EPERM, security module",
    "set the personality, EINVAL, 32-bit",
    "filter system calls, EINVAL, CONFIG_SECCOMP_FILTER",
    "filter system calls, ENOSYS, Nix's own sandbox",
    "filter system calls, EPERM, container"
  })
  void explainsTheStep(String label, Errno errno, String named) {
    String advice = advice().onStep(label, errno);
    assertTrue(advice.contains(named), advice);
  }

  @ParameterizedTest
  @CsvSource({"set the host name, EPERM", "mount /proc, EACCES"})
  void appArmorLetsTheCloneThroughAndRefusesLater(String label, Errno errno) throws IOException {
    set("kernel/apparmor_restrict_unprivileged_userns", "1");
    String advice = advice().onStep(label, errno);
    assertTrue(advice.contains("AppArmor"), advice);
  }

  @ParameterizedTest
  @CsvSource({
    "SETGROUPS, EPERM, CAP_SETGID",
    "WRITE, EPERM, numbers in this user namespace",
    "CLONE, EAGAIN, pids.max",
    "UNSHARE, EPERM, seccomp"
  })
  void explainsTheLaunch(Syscall syscall, Errno errno, String named) {
    String advice = advice().onLaunch(syscall, errno);
    assertTrue(advice.contains(named), advice);
  }

  @Test
  void namesWhatIsMountedOverPartsOfProc() throws IOException {
    mounts("/", "/proc", "/proc/kcore", "/proc/sys/fs/binfmt_misc", "/proc/sys", "/proc/sys");
    String advice = advice().onStep("mount /proc", Errno.EPERM);
    assertTrue(advice.contains("(/proc/kcore /proc/sys)"), advice);
  }

  @Test
  void tellsAChroot() throws IOException {
    mounts("/", "/proc");
    String outside = advice().onLaunch(Syscall.CLONE, Errno.EPERM);
    assertFalse(outside.contains("this is a chroot"), outside);
    mounts("/usr", "/proc");
    String inside = advice().onLaunch(Syscall.CLONE, Errno.EPERM);
    assertTrue(inside.contains("this is a chroot"), inside);
  }

  @Test
  void tellsAFilter() throws IOException {
    put("proc/self/status", "Name:\tjava\nSeccomp:\t2\n");
    for (String advice :
        List.of(
            advice().onLaunch(Syscall.CLONE, Errno.EPERM),
            advice().onStep("set the host name", Errno.EPERM))) {
      assertTrue(advice.contains("seccomp=unconfined"), advice);
    }
  }

  /** EACCES is SELinux's errno, also when it lets nothing be executed. */
  @ParameterizedTest
  @CsvSource({
    "mount /proc, EACCES, 1, true",
    "execute /nix/store/x/bin/bash, EACCES, 1, true",
    "mount /proc, EPERM, 1, false",
    "mount /proc, EACCES, 0, false"
  })
  void tellsSelinux(String label, Errno errno, String enforces, boolean blamed) throws IOException {
    put("sys/fs/selinux/enforce", enforces);
    String advice = advice().onStep(label, errno);
    assertEquals(blamed, advice.contains("SELinux"), advice);
  }

  private Advice advice() {
    return new Advice(new HostSettings(root));
  }

  private void mounts(String... points) throws IOException {
    StringBuilder table = new StringBuilder();
    for (String point : points) {
      table.append("36 35 98:0 / ").append(point).append(" rw,noatime - ext3 /dev/root rw\n");
    }
    put("proc/self/mountinfo", table.toString());
  }

  private void set(String file, String value) throws IOException {
    put("proc/sys/" + file, value);
  }

  private void put(String file, String content) throws IOException {
    Path path = root.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, content + "\n");
  }
}
