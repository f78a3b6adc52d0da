package nixbuildshell.nix;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The build users of a multi-user Nix: the members of the group that Nix's setting {@code
 * build-users-group} names, {@code nixbld} by default.
 *
 * @param gid the group
 * @param uids its members
 */
public record BuildUsers(long gid, List<Long> uids) {
  private static final String GROUP = "nixbld";

  public BuildUsers {
    uids = List.copyOf(uids);
  }

  /**
   * Reads them from group(5) and passwd(5).
   *
   * @param etc where both files lie
   * @return empty when there is no such group
   */
  public static Optional<BuildUsers> read(Path etc) {
    Accounts accounts = new Accounts(etc);
    for (String[] group : accounts.groups()) {
      if (group.length > 3 && group[0].equals(GROUP)) {
        List<String> members = List.of(group[3].split(","));
        List<Long> uids = new ArrayList<>();
        for (String[] user : accounts.users()) {
          if (user.length > 2 && members.contains(user[0]) && !user[2].equals("0")) {
            uids.add(Long.parseLong(user[2]));
          }
        }
        return Optional.of(new BuildUsers(Long.parseLong(group[2]), uids));
      }
    }
    return Optional.empty();
  }
}
