package nixbuildshell.launch;

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
 * A plan and the process to run it in.
 *
 * @param plan its first steps close the write end of the {@link GoPipe}, set the death signal, and
 *     read one byte from the pipe, expecting it
 * @param namespaces the {@code CLONE_NEW…} flags of the clone; its exit signal is added here
 * @param maps for a new user namespace
 * @param directory the descriptor of the directory that the child starts in, if not the caller's. A
 *     mount namespace is copied with the working directory, while a descriptor goes on meaning the
 *     old namespace's mount, on which nothing can be mounted (EINVAL); so the cloning thread goes
 *     there before, with a working directory of its own, and stays there
 * @param cgroup that the child is moved into before it goes on
 * @param dropGroups whether the cloning thread gives up its supplementary groups before, which
 *     takes privilege; they stay given up
 */
public record Launch(
    Plan plan,
    long namespaces,
    IdMaps maps,
    OptionalInt directory,
    boolean dropGroups,
    Optional<Cgroup> cgroup) {
  /** {@code sched.h}: the mount, UTS, IPC, user and PID namespaces. */
  private static final long CLONE_NEW_ALWAYS =
      0x00020000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000;

  private static final long CLONE_NEWNET = 0x40000000;
  private static final long CLONE_FS = 0x200;

  /**
   * Returns the launch of a sandbox in the namespaces that Nix gives a build ({@code startBuilder}
   * in local-derivation-goal.cc).
   *
   * @param session the descriptor of the session's directory
   */
  public static Launch of(
      Plan plan, Identity identity, Network network, int session, Optional<Cgroup> cgroup) {
    return new Launch(
        plan,
        CLONE_NEW_ALWAYS | (network == Network.HOST ? 0 : CLONE_NEWNET),
        IdMaps.of(identity),
        OptionalInt.of(session),
        identity.privileged(),
        cgroup);
  }

  /**
   * Clones the child and lets it run. The calling thread must live as long as the child: the death
   * signal fires when that thread ends.
   *
   * @param go the pipe that the plan names; it stays open until the child has ended, so that the
   *     child can see whether the caller is still there
   * @throws ErrnoException when the kernel refuses the clone or what the parent has to do for it;
   *     then there is no child. A step that fails shows in the outcome of {@link Child#await}
   */
  public Child start(SystemCalls calls, GoPipe go) throws ErrnoException {
    return start(calls, go, image(calls));
  }

  SharedImage image(SystemCalls calls) {
    return SharedImage.of(calls, Image.of(plan, calls.abi(), namespaces | Signals.SIGCHLD));
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
      // Killed before the pipe is closed, or the end of the file would look like its failure.
      child.kill(Signals.SIGKILL);
      Outcome outcome = child.await().outcome();
      if (outcome instanceof Outcome.Failed || outcome instanceof Outcome.Unexpected) {
        return child; // It was dead already, and an ordinary user can't write a zombie's maps.
      }
      throw e;
    }
  }

  /** A child that waits for the go byte. */
  Child waiting(SystemCalls calls, GoPipe go, SharedImage image) throws ErrnoException {
    // Where the caller's caller ignored it, children would vanish without a status.
    Signals.restore(calls, Signals.SIGCHLD);
    try (Interpreter interpreter = Interpreter.load(calls)) {
      if (directory.isPresent()) {
        enter(calls, directory.getAsInt());
      }
      if (dropGroups) {
        ErrnoException.check(calls, "give up the supplementary groups", Syscall.SETGROUPS, 0, 0);
      }
      long pid =
          ErrnoException.check(
              "make a process in new namespaces",
              Syscall.CLONE,
              interpreter.run(image.memory().address()));
      return new Child(calls, pid, image, go);
    } catch (ErrnoException | RuntimeException | Error e) {
      go.close();
      image.close();
      throw e;
    }
  }

  private static void enter(SystemCalls calls, int directory) throws ErrnoException {
    ErrnoException.check(calls, "have a working directory of one's own", Syscall.UNSHARE, CLONE_FS);
    ErrnoException.check(calls, "enter the session's directory", Syscall.FCHDIR, directory);
  }
}
