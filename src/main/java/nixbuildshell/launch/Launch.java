package nixbuildshell.launch;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.OptionalInt;
import nixbuildshell.abi.Syscall;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.kernel.Signals;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.plan.Image;
import nixbuildshell.plan.Outcome;
import nixbuildshell.plan.Plan;
import nixbuildshell.sandbox.Identity;
import nixbuildshell.sandbox.Network;

/**
 * Describes a plan and the process that runs it.
 *
 * @param plan begins with three steps: they close the write end of the {@link GoPipe}, set the
 *     death signal, and expect one byte from the pipe
 * @param flags the {@code CLONE_…} flags of the clone, without its exit signal
 * @param maps the ids of a new user namespace
 * @param directory the descriptor of the directory where the child starts, if not the caller's. The
 *     cloning thread gets a working directory of its own, enters it and stays there: a mount
 *     namespace is copied with the working directory, but nothing can be mounted on a descriptor's
 *     mount of the old namespace (EINVAL)
 * @param dropGroups whether the cloning thread first gives up its supplementary groups, for good;
 *     that needs a privilege
 * @param cgroup the control group that the child is moved to before it goes on
 */
public record Launch(
    Plan plan,
    long flags,
    IdMaps maps,
    OptionalInt directory,
    boolean dropGroups,
    Optional<Cgroup> cgroup) {
  /** {@code sched.h}: the mount, UTS, IPC, user and PID namespaces. */
  private static final long CLONE_NEW_ALWAYS =
      0x00020000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000;

  private static final long CLONE_NEWNET = 0x40000000;

  /**
   * Lets the child share the tool's memory until it executes a program. A copy takes 5 ms: to make
   * it, to copy each page that the tool writes meanwhile, and to give it up.
   */
  static final long CLONE_VM = 0x100;

  private static final long CLONE_FS = 0x200;

  /**
   * Returns the launch of a sandbox in the namespaces that Nix gives a build ({@code startBuilder}
   * in local-derivation-goal.cc).
   *
   * @param session the descriptor of the session's directory
   */
  public static Launch of(
      Plan plan, Identity identity, Network network, int session, Optional<Cgroup> cgroup) {
    // The kernel forbids to dump the memory of a process that changes its ids. It must not be the
    // tool's.
    return new Launch(
        plan,
        CLONE_NEW_ALWAYS
            | (network == Network.HOST ? 0 : CLONE_NEWNET)
            | (identity.privileged() ? 0 : CLONE_VM),
        IdMaps.of(identity),
        OptionalInt.of(session),
        identity.privileged(),
        cgroup);
  }

  /**
   * Clones the child and lets it run. The calling thread must live as long as the child: the death
   * signal fires when that thread ends.
   *
   * @param go the pipe that the plan names. It stays open until the child has ended, so that the
   *     child can see whether the parent still runs
   * @throws ErrnoException when the kernel refuses the clone or the parent's part of it; then there
   *     is no child. A step that fails shows in the outcome of {@link Child#await}
   */
  public Child start(SystemCalls calls, GoPipe go) throws ErrnoException {
    return start(calls, go, image(calls));
  }

  /**
   * Returns the launch of a plan that enters namespaces which are there already, and then clones
   * once more.
   */
  public static Launch into(Plan plan) {
    return new Launch(
        plan, 0, new IdMaps("", "", true), OptionalInt.empty(), false, Optional.empty());
  }

  /**
   * Clones a child that clones once more, and waits for the second child, which is this process's,
   * too.
   *
   * @param fork the number of the step that clones, with the second child's process ID as its third
   *     argument
   * @return the second child; where the plan does not come so far, the first, which has ended
   */
  public Child startTwice(SystemCalls calls, GoPipe go, int fork) throws ErrnoException {
    SharedImage image = image(calls);
    Child first = waiting(calls, go, image);
    go.go();
    calls.must(
        "cannot wait for a child",
        Syscall.WAITID,
        Child.P_PID,
        first.pid(),
        0,
        Child.WEXITED | Child.WNOWAIT,
        0);
    int second = ByteBuffer.wrap(image.data(fork, 2, 4)).order(ByteOrder.nativeOrder()).getInt();
    if (second == 0) {
      return first;
    }
    calls.must("cannot reap a child", Syscall.WAIT4, first.pid(), 0, 0, 0);
    return new Child(calls, second, image, go);
  }

  SharedImage image(SystemCalls calls) {
    return SharedImage.of(calls, Image.of(plan, calls.abi(), flags | Signals.SIGCHLD));
  }

  Child start(SystemCalls calls, GoPipe go, SharedImage image) throws ErrnoException {
    Child child = waiting(calls, go, image);
    try {
      maps.write(calls, child.pid());
      if (cgroup.isPresent()) {
        cgroup.get().take(child.pid());
      }
      go.go();
      return child;
    } catch (ErrnoException | RuntimeException | Error e) {
      // Kill it before the pipe is closed: the end of the file would look like its failure.
      child.kill(Signals.SIGKILL);
      Outcome outcome = child.await().outcome();
      if (outcome instanceof Outcome.Failed || outcome instanceof Outcome.Unexpected) {
        return child; // It was dead already: an ordinary user cannot write the maps of a zombie.
      }
      throw e;
    }
  }

  /** Clones a child, which waits for the go byte. */
  Child waiting(SystemCalls calls, GoPipe go, SharedImage image) throws ErrnoException {
    // If the tool inherited an ignored SIGCHLD, children would vanish without a status.
    Signals.restore(calls, Signals.SIGCHLD);
    try {
      if (directory.isPresent()) {
        enter(calls, directory.getAsInt());
      }
      if (dropGroups) {
        ErrnoException.check(calls, "give up the supplementary groups", Syscall.SETGROUPS, 0, 0);
      }
      long pid =
          ErrnoException.check("make a process in new namespaces", Syscall.CLONE, image.run());
      return new Child(calls, pid, image, go);
    } catch (ErrnoException | RuntimeException | Error e) {
      go.close();
      image.close();
      throw e;
    }
  }

  private static void enter(SystemCalls calls, int directory) throws ErrnoException {
    ErrnoException.check(
        calls, "give the thread a working directory of its own", Syscall.UNSHARE, CLONE_FS);
    ErrnoException.check(calls, "enter the session's directory", Syscall.FCHDIR, directory);
  }
}
