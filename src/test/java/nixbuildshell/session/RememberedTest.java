package nixbuildshell.session;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RememberedTest {
  private static final Remembered FULL =
      new Remembered(
          Remembered.Kind.INTERACTIVE,
          new ByteString("/tmp/nix-build-h\u00ff\u00c3\u00a9llo w=1:#!\n.drv-0"),
          bytes("probe-1.0"),
          Optional.empty(),
          Optional.of(bytes("/nix/store/11111111111111111111111111111111-bash-5.2/bin/bash")),
          List.of(
              bytes("PATH=/path-not-set"), bytes("EMPTY="), new ByteString("ODD-NAME=\u00ff\n=x")),
          List.of(),
          new Remembered.Sandbox(
              "host",
              "nested",
              bytes("i686-linux"),
              Optional.of(bytes("/nix/store/00000000000000000000000000000000-busybox/bin/sh")),
              Optional.of(bytes("/tmp/nix-build-probe-1.0.drv-0")),
              "/build",
              Optional.of(872415232L),
              List.of(
                  new Remembered.Shown(
                      bytes("/usr/bin/env"), bytes("/opt/a b/env"), false, Optional.empty()),
                  new Remembered.Shown(
                      bytes("/etc/ssl/cert.pem"),
                      bytes("/etc/ssl/cert.pem"),
                      false,
                      Optional.of(bytes("../certs/x"))),
                  new Remembered.Shown(
                      new ByteString("/var/\u00ff"), bytes("/srv/data"), false, Optional.empty()))),
          Optional.of(
              new Remembered.Store(
                  bytes("/nix/store"),
                  bytes("/srv/root/nix/store"),
                  bytes("/srv/root/nix/var/nix"),
                  bytes("/srv/root/nix/var/log/nix"),
                  Optional.of(bytes("local?root=/srv/root")))));

  private static ByteString bytes(String text) {
    return ByteString.of(text);
  }

  /** An older version wrote this file, from three maps. */
  @Test
  void aFileOfAnOlderVersionIsRead() throws IOException {
    try (InputStream file = Remembered.class.getResourceAsStream("version-1.properties")) {
      assertEquals(Optional.of(FULL), Remembered.of(file.readAllBytes()));
    }
  }

  @Test
  void whatIsWrittenIsRead() {
    Remembered little = Sample.remembered(Remembered.Kind.COMMAND, bytes("/x"), bytes("y"));
    Remembered less =
        new Remembered(
            little.kind(),
            little.origin(),
            little.name(),
            Optional.of(bytes("/nix/store/x-probe-1.0.drv")),
            Optional.empty(),
            List.of(),
            List.of(bytes("/nix/store/x-gdb/bin"), bytes("/nix/store/x-hello/bin")),
            little.sandbox(),
            Optional.empty());
    Remembered.Sandbox sandbox = little.sandbox();
    Remembered writable =
        new Remembered(
            little.kind(),
            little.origin(),
            little.name(),
            little.derivation(),
            little.shell(),
            List.of(),
            List.of(),
            new Remembered.Sandbox(
                sandbox.network(),
                sandbox.generation(),
                sandbox.system(),
                sandbox.binSh(),
                sandbox.buildTop(),
                sandbox.directory(),
                sandbox.firstUid(),
                List.of(new Remembered.Shown(bytes("/x"), bytes("/y"), true, Optional.empty()))),
            Optional.empty());
    for (Remembered each : List.of(FULL, little, less, writable)) {
      assertEquals(Optional.of(each), Remembered.of(each.file()));
    }
  }

  @Test
  void whatTheFirstVersionDidNotWriteIsAsItWasThen() {
    String text = "version=1\nkind=command\norigin=/x\nname=y\nshell=/nix/store/shell\n";
    assertEquals(
        Optional.of(Sample.remembered(Remembered.Kind.COMMAND, bytes("/x"), bytes("y"))),
        Remembered.of(text.getBytes(ISO_8859_1)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "kind=command",
        "version=2\nkind=command",
        "version=1",
        "version=1\nkind=other",
        "version=1\nkind=command\nsandbox.uid-range=x",
        "version=1\nkind=command\nsandbox.path.0.target=/x",
        "version=1\nkind=command\nsandbox.store.real=/x",
        "version=1\nkind=\\u00zz"
      })
  void whatIsNoSuchFileIsRefused(String text) {
    assertEquals(Optional.empty(), Remembered.of(text.getBytes(ISO_8859_1)));
  }
}
