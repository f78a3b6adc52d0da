package nixbuildshell.nix;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Reads the users and groups that this host has files of: passwd(5), group(5) and subuid(5). Those
 * of a directory service are not among them.
 *
 * @param etc the directory of these files
 */
public record Accounts(Path etc) {
  /** The group that Nix's setting {@code build-users-group} names by default. */
  private static final String BUILD_USERS = "nixbld";

  private static final Pattern ID = Pattern.compile("[0-9]{1,10}");

  /**
   * Describes the build users of a multi-user Nix.
   *
   * @param gid the id of their group
   * @param uids the ids of the group's members, without root
   */
  public record BuildUsers(long gid, List<Long> uids) {
    public BuildUsers {
      uids = List.copyOf(uids);
    }
  }

  /** Returns the build users; empty when there is no group of them. */
  public Optional<BuildUsers> buildUsers() {
    return entries("group", 4)
        .filter(group -> group[0].equals(BUILD_USERS))
        .findFirst()
        .map(group -> new BuildUsers(Long.parseLong(group[2]), uids(group[3].split(","))));
  }

  private List<Long> uids(String... names) {
    return entries("passwd", 3)
        .filter(user -> List.of(names).contains(user[0]) && !user[2].equals("0"))
        .map(user -> Long.parseLong(user[2]))
        .toList();
  }

  /** Returns the group that a user has from logging in on; empty when the file has no such user. */
  public Optional<Long> primaryGroup(long uid) {
    return entries("passwd", 4)
        .filter(user -> user[2].equals(Long.toString(uid)) && ID.matcher(user[3]).matches())
        .findFirst()
        .map(user -> Long.parseLong(user[3]));
  }

  /** Returns the name of a user, or the id as text where the file has no such user. */
  public String nameOf(long uid) {
    String id = Long.toString(uid);
    return entries("passwd", 3)
        .filter(user -> user[2].equals(id))
        .map(user -> user[0])
        .findFirst()
        .orElse(id);
  }

  /** Returns a user's home directory; empty when the file has no such user. */
  Optional<String> home(long uid) {
    return entries("passwd", 6)
        .filter(user -> user[2].equals(Long.toString(uid)))
        .findFirst()
        .map(user -> user[5]);
  }

  /** Returns a user or group of which the id is one of these, as a message calls it. */
  public Optional<String> within(long first, long count) {
    return Stream.concat(
            entries("passwd", 3)
                .filter(user -> isWithin(user[2], first, count))
                .map(user -> "user " + user[0]),
            entries("group", 3)
                .filter(group -> isWithin(group[2], first, count))
                .map(group -> "group " + group[0]))
        .findFirst();
  }

  /** Decides whether an id is one of those that a user may have in a user namespace. */
  public boolean isSubordinate(long id, long user) {
    List<String> names = new ArrayList<>(List.of(Long.toString(user)));
    entries("passwd", 3)
        .filter(entry -> entry[2].equals(names.get(0)))
        .forEach(entry -> names.add(entry[0]));
    return entries("subuid", 3)
        .filter(range -> names.contains(range[0]))
        .filter(range -> ID.matcher(range[1]).matches() && ID.matcher(range[2]).matches())
        .anyMatch(
            range ->
                isWithin(Long.toString(id), Long.parseLong(range[1]), Long.parseLong(range[2])));
  }

  private static boolean isWithin(String text, long first, long count) {
    if (!ID.matcher(text).matches()) {
      return false;
    }
    long id = Long.parseLong(text);
    return id >= first && id - first < count;
  }

  private Stream<String[]> entries(String file, int fields) {
    try {
      return Files.readAllLines(etc.resolve(file), StandardCharsets.ISO_8859_1).stream()
          .map(line -> line.split(":", -1))
          .filter(entry -> entry.length >= fields);
    } catch (IOException e) {
      return Stream.empty();
    }
  }
}
