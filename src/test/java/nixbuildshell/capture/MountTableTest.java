package nixbuildshell.capture;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MountTableTest {
  private static final MountTable HOST =
      MountTable.parse(
          ByteString.of(
              """
              21 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw
              22 21 0:5 / /tmp rw - tmpfs tmpfs rw
              23 21 0:40 /@nix /nix rw - btrfs /dev/sdb rw
              24 21 8:2 /home/a\\040b /srv/with\\040space\\134 rw - ext4 /dev/sda2 rw
              25 21 8:1 /nix/store /nix/store ro - ext4 /dev/sda1 rw
              nonsense
              """));

  @ParameterizedTest
  @CsvSource({
    "8:1, /etc/passwd, /etc/passwd",
    "8:1, /, /",
    "8:1, /nix/store/x/bin/sh, /nix/store/x/bin/sh /nix/store/x/bin/sh",
    "8:1, /nix/storehouse, /nix/storehouse",
    "0:5, /data, /tmp/data",
    "0:5, /, /tmp",
    "0:40, /@nix/store/x, /nix/store/x",
    "0:40, /@home, ''",
    "0:40, /@nixos, ''",
    "8:2, /home/a b/c, '/srv/with space\\\\/c'",
    "9:9, /x, ''",
  })
  void findsAPathOnTheHost(String device, String root, String paths) {
    Manifest.Mount mount =
        new Manifest.Mount(
            Optional.of(ByteString.of(device)), Optional.of(ByteString.of(root)), Optional.empty());
    List<String> found = HOST.paths(mount).stream().map(ByteString::toString).toList();
    assertEquals(paths, String.join(" ", found));
  }

  @Test
  void knowsNothingOfAMountWithoutADevice() {
    Manifest.Mount mount =
        new Manifest.Mount(Optional.empty(), Optional.of(ByteString.of("/")), Optional.empty());
    assertEquals(List.of(), HOST.paths(mount));
  }
}
