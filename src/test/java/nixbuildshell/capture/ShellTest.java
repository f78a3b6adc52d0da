package nixbuildshell.capture;

import static org.junit.jupiter.api.Assertions.assertEquals;

import nixbuildshell.ByteString;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShellTest {
  private static final String HASH = "/nix/store/wjy2msil2glkjpnpjwipz62bw87fy4ni-";

  @ParameterizedTest
  @CsvSource({
    "bash-5.2/bin/bash, true, true, 1",
    "bash-5.2/bin/bash-5.2, true, true, 1",
    "bash-static, true, true, 1",
    "bash-5.2/bin/sh, true, false, 1",
    "dash/bin/dash, true, false, 1",
    "busybox/bin/ash, true, false, 1",
    "busybox/bin/busybox, true, false, 2",
    "busybox-static, true, false, 2",
    "python3/bin/python3, false, true, 1",
    "sh-1.0/bin/python3, false, true, 1",
    "not-bash/bin/rebash, false, true, 1",
  })
  void itsNameTells(String path, boolean known, boolean bash, int words) {
    Shell shell = new Shell(ByteString.of(HASH + path));
    assertEquals(known, Shell.is(shell.path()));
    assertEquals(bash, shell.isBash());
    assertEquals(words, shell.words().size());
  }
}
