package nixbuildshell.plan;

import static nixbuildshell.plan.Argument.number;

import java.util.List;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.plan.Argument.Data;

/**
 * Keeps a sandbox that has the host's network from the host's abstract Unix sockets (of D-Bus or an
 * X server, say), which belong to a network namespace and not to a file system.
 *
 * <p>Nix does so from 2.33.6, 2.34.8 and 2.35 on ({@code setupLandlock} in
 * linux-derivation-builder.cc): for every build, but with a network namespace of its own a build
 * has no socket to reach. As there, a kernel that cannot do it is put up with.
 */
final class AbstractSockets {
  private AbstractSockets() {}

  static void shut(List<Step> steps) {
    int ruleset = steps.size();
    steps.add(
        Step.of(
                "describe a Landlock scope",
                Syscall.LANDLOCK_CREATE_RULESET,
                new Data(
                    Structures.abstractSocketScope(),
                    "{scoped=LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET}"),
                number(24),
                number(0))
            .tolerating(Errno.ENOSYS, "a kernel without Landlock")
            .tolerating(Errno.EOPNOTSUPP, "Landlock is switched off")
            .tolerating(Errno.E2BIG, "a kernel before 6.12, which has no scopes")
            .tolerating(Errno.EPERM, "a container's filter forbids Landlock"));
    steps.add(
        Step.of(
                "keep away from abstract sockets outside",
                Syscall.LANDLOCK_RESTRICT_SELF,
                new Argument.Result(ruleset),
                number(0))
            .tolerating(Errno.EBADF, "there is no such scope")
            .tolerating(Errno.ENOSYS, "a kernel without Landlock")
            .tolerating(Errno.EOPNOTSUPP, "Landlock is switched off")
            .tolerating(Errno.EPERM, "a container's filter forbids Landlock"));
  }
}
