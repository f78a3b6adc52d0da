package nixbuildshell.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.plan.OldKernel;
import nixbuildshell.plan.PipeEnds;
import nixbuildshell.plan.Planner;
import nixbuildshell.plan.SampleStreams;
import nixbuildshell.plan.Step;
import nixbuildshell.sandbox.Entry;
import nixbuildshell.sandbox.Identity;
import nixbuildshell.sandbox.NixSandbox;
import nixbuildshell.sandbox.Program;
import nixbuildshell.sandbox.SampleRequest;
import nixbuildshell.sandbox.SandboxRequest;
import nixbuildshell.sandbox.StoreView;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checks that advice names the setting that forbids a step. */
class AdviceTest {
  @TempDir Path root;

  @ParameterizedTest
  @CsvSource({
    "user/max_user_namespaces, 0, ENOSPC, user.max_user_namespaces is 0",
    "user/max_net_namespaces, 0, ENOSPC, sysctl -w user.max_net_namespaces=15000",
    "user/max_user_namespaces, 95, ENOSPC, user.max_user_namespaces is 95",
    "kernel/unprivileged_userns_clone, 0, EPERM, sysctl -w kernel.unprivileged_userns_clone=1",
    "kernel/apparmor_restrict_unprivileged_userns, 1, EACCES,"
        + " apparmor_restrict_unprivileged_userns=0",
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
    "MOUNT_PROC, EPERM, systempaths=unconfined",
    "MOUNT_OVERLAY, EINVAL, --work-dir",
    "MOUNT_OVERLAY, EPERM, 5.11",
    "MOUNT_OVERLAY, ENODEV, modprobe overlay",
    "CHANGE_ROOT, EINVAL, switch_root",
    "CHANGE_ROOT, EPERM, security module",
    "OTHER, ENOSYS, too old",
    "OTHER, EPERM, security module",
    "SET_PERSONALITY, EPERM, security module",
    "SET_PERSONALITY, EINVAL, 32-bit",
    "FILTER_CALLS, EINVAL, CONFIG_SECCOMP_FILTER",
    "FILTER_CALLS, ENOSYS, Nix's own sandbox",
    "FILTER_CALLS, EPERM, container"
  })
  void explainsTheStep(Step.Kind kind, Errno errno, String named) {
    String advice = advice().onStep(kind, errno);
    assertTrue(advice.contains(named), advice);
  }

  @ParameterizedTest
  @CsvSource({"OTHER, EPERM", "MOUNT_PROC, EACCES"})
  void appArmorLetsTheCloneThroughAndRefusesLater(Step.Kind kind, Errno errno) throws IOException {
    set("kernel/apparmor_restrict_unprivileged_userns", "1");
    String advice = advice().onStep(kind, errno);
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

  /** Takes a store of another name, which is in the step's label. */
  @Test
  void explainsTheOverlayOfAnyStore() {
    ByteString shell = ByteString.of("/bin/sh");
    SandboxRequest request =
        SampleRequest.of(new Identity(1234, 5678, false), Optional.empty(), new StoreView.Whole());
    Program program = new Program(List.of(shell), List.of(shell), List.of(), "/build", true, false);
    List<Entry> store = List.of(new Entry.Overlay("/gnu/store", "/host", "upper", "work"));
    Step mount =
        Planner.plan(
                SampleRequest.withEntries(NixSandbox.of(request, program), store),
                new PipeEnds(5, 6),
                SampleStreams.INHERITED,
                OldKernel.NONE)
            .steps()
            .stream()
            .filter(step -> step.label().equals("mount /gnu/store"))
            .findFirst()
            .orElseThrow();
    String advice = advice().onStep(mount.kind(), Errno.EPERM);
    assertTrue(advice.contains("5.11"), advice);
  }

  @Test
  void namesWhatIsMountedOverPartsOfProc() throws IOException {
    mounts("/", "/proc", "/proc/kcore", "/proc/sys/fs/binfmt_misc", "/proc/sys", "/proc/sys");
    String advice = advice().onStep(Step.Kind.MOUNT_PROC, Errno.EPERM);
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
            advice().onStep(Step.Kind.OTHER, Errno.EPERM))) {
      assertTrue(advice.contains("seccomp=unconfined"), advice);
    }
  }

  /** SELinux refuses with EACCES, also the execution of a program. */
  @ParameterizedTest
  @CsvSource({
    "MOUNT_PROC, EACCES, 1, true",
    "EXECUTE, EACCES, 1, true",
    "MOUNT_PROC, EPERM, 1, false",
    "MOUNT_PROC, EACCES, 0, false"
  })
  void tellsSelinux(Step.Kind kind, Errno errno, String enforces, boolean blamed)
      throws IOException {
    put("sys/fs/selinux/enforce", enforces);
    String advice = advice().onStep(kind, errno);
    assertEquals(blamed, advice.contains("SELinux"), advice);
  }

  private Advice advice() {
    return new Advice(new Restrictions(root));
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
