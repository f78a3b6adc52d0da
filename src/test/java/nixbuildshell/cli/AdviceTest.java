package nixbuildshell.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import nixbuildshell.plan.Errno;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The setting to blame is named, whichever of them forbids it. */
class AdviceTest {
  @TempDir Path proc;

  @ParameterizedTest
  @CsvSource({
    "user/max_user_namespaces, 0, ENOSPC, user.max_user_namespaces is 0",
    "user/max_user_namespaces, 95, ENOSPC, user.max_user_namespaces is 95",
    "kernel/unprivileged_userns_clone, 0, EPERM, sysctl -w kernel.unprivileged_userns_clone=1",
    "kernel/apparmor_restrict_unprivileged_userns, 1, EACCES, apparmor_restrict_unprivileged_userns=0",
    "kernel/apparmor_restrict_unprivileged_userns, 0, EPERM, chroot",
    "kernel/unprivileged_userns_clone, 1, EPERM, chroot"
  })
  void namesTheSettingThatForbidsTheClone(String file, String value, Errno errno, String named)
      throws IOException {
    set(file, value);
    String advice = new Advice(proc).onClone(errno);
    assertTrue(advice.contains(named), advice);
  }

  @ParameterizedTest
  @CsvSource({
    "mount /proc, EPERM, systempaths=unconfined",
    "mount /nix/store, EINVAL, --work-dir",
    "close inherited descriptors, ENOSYS, 5.9",
    "set the host name, EPERM, security module",
    "set the personality, EPERM, a container",
    "set the personality, EINVAL, 32-bit",
    "filter system calls, EINVAL, CONFIG_SECCOMP_FILTER",
    "filter system calls, ENOSYS, Nix's own sandbox",
    "filter system calls, EPERM, a container"
  })
  void explainsTheStep(String label, Errno errno, String named) {
    String advice = new Advice(proc).onStep(label, errno);
    assertTrue(advice.contains(named), advice);
  }

  @ParameterizedTest
  @CsvSource({"set the host name, EPERM", "mount /proc, EACCES"})
  void appArmorLetsTheCloneThroughAndRefusesLater(String label, Errno errno) throws IOException {
    set("kernel/apparmor_restrict_unprivileged_userns", "1");
    String advice = new Advice(proc).onStep(label, errno);
    assertTrue(advice.contains("AppArmor"), advice);
  }

  private void set(String file, String value) throws IOException {
    Path path = proc.resolve("sys").resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, value + "\n");
  }
}
