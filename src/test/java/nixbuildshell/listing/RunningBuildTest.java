package nixbuildshell.listing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Finds builds in made procfs trees. */
class RunningBuildTest {
  private static final String DRV = "zzj5294g60g2z6jrpn3rdarka26p6aa9-probe-1.0.drv";

  @TempDir Path proc;

  private void process(long pid, long uid, String nspid, String mountinfo) throws IOException {
    Path process = Files.createDirectories(proc.resolve(Long.toString(pid)));
    Files.writeString(
        process.resolve("status"),
        "Name:\tbash\nUid:\t" + uid + "\t" + uid + "\t0\t0\nNSpid:\t" + nspid + "\n");
    Files.writeString(process.resolve("mountinfo"), mountinfo + "\n");
  }

  private List<RunningBuild> all() {
    return RunningBuild.all(proc, uid -> uid == 30001);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "118 97 254:0 /nix/store/DRV.chroot / rw,relatime - ext4 /dev/vda rw | true",
        "118 97 254:0 /nix/store/DRV.chroot/root / rw,relatime - ext4 /dev/vda rw | true",
        "118 97 0:51 /store/DRV.chroot / rw - btrfs /dev/vda rw | true",
        "118 97 0:51 /DRV.chroot / rw - btrfs /dev/vda rw | true",
        "118 97 254:0 /nix/store/DRV.chroot/nix/store /nix/store rw - ext4 /dev/vda rw | false",
        "118 97 254:0 /nix/store/DRV / rw - ext4 /dev/vda rw | false",
        "118 97 254:0 /nix/store/xDRV.chroot / rw - ext4 /dev/vda rw | false",
        "118 97 254:0 / / rw - ext4 /dev/vda rw | false",
        "118 97 | false",
      })
  void theRootDirectoryNamesTheDerivation(String mount, boolean build) throws IOException {
    process(4711, 30001, "4711\t1", "1 0 0:1 / /proc rw\n" + mount.replace("DRV", DRV));
    List<RunningBuild> found = all();
    assertEquals(build ? 1 : 0, found.size());
    if (build) {
      assertEquals(DRV, found.get(0).derivation().baseName());
      assertEquals(4711, found.get(0).pid());
      assertEquals(30001, found.get(0).uid());
    }
  }

  @Test
  void onlyTheFirstProcessOfABuildUserCounts() throws IOException {
    String mount = "118 97 254:0 /nix/store/" + DRV + ".chroot / rw - ext4 /dev/vda rw";
    process(1, 1000, "1\t1", mount);
    process(2, 30001, "2\t7", mount);
    process(3, 30001, "3", mount);
    Files.createDirectories(proc.resolve("4"));
    Files.createDirectories(proc.resolve("self"));
    assertEquals(List.of(), all());
    assertEquals(List.of(), RunningBuild.all(proc.resolve("none"), uid -> true));
  }
}
