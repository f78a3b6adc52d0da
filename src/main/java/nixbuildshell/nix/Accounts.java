package nixbuildshell.nix;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The users and groups that this host has files of, passwd(5) and group(5). Those of a directory
 * service are not among them.
 *
 * @param etc where both files lie
 */
public record Accounts(Path etc) {
  /**
   * The group that a user is in from logging in on.
   *
   * @return empty when the file has no such user
   */
  public Optional<Long> primaryGroup(long uid) {
    return users().stream()
        .filter(user -> user.length > 3 && user[2].equals(Long.toString(uid)))
        .filter(user -> user[3].matches("[0-9]{1,10}"))
        .findFirst()
        .map(user -> Long.parseLong(user[3]));
  }

  /** A user or group whose id is one of these, as it shall be called in a message. */
  public Optional<String> within(long first, long count) {
    return Stream.concat(
            users().stream().filter(user -> isWithin(user, first, count)).map(u -> "user " + u[0]),
            groups().stream().filter(g -> isWithin(g, first, count)).map(g -> "group " + g[0]))
        .findFirst();
  }

  private static boolean isWithin(String[] entry, long first, long count) {
    if (entry.length < 3 || !entry[2].matches("[0-9]{1,10}")) {
      return false;
    }
    long id = Long.parseLong(entry[2]);
    return id >= first && id - first < count;
  }

  List<String[]> users() {
    return entries("passwd");
  }

  List<String[]> groups() {
    return entries("group");
  }

  private List<String[]> entries(String file) {
    try {
      return Files.readAllLines(etc.resolve(file), StandardCharsets.ISO_8859_1).stream()
          .map(line -> line.split(":", -1))
          .toList();
    } catch (IOException e) {
      return List.of();
    }
  }
}
