package nixbuildshell.nix;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import nixbuildshell.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FrontEndTest {
  @TempDir private Path directory;

  /** Asks a program that does as a script says. */
  private Optional<Set<ByteString>> toBuild(String script, String... arguments) throws IOException {
    Path program = directory.resolve("nix-build");
    Files.writeString(program, "#!/bin/sh\n" + script);
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    List<ByteString> command = new ArrayList<>(List.of(ByteString.of(program.toString())));
    List.of(arguments).forEach(each -> command.add(ByteString.of(each)));
    Caller caller = Caller.of(Map.of(), Set.of(), directory, 1000, 1000, 0);
    return new FrontEnd(command, List.of("a = b")).toBuild(caller);
  }

  @Test
  void namedDerivationsAreToBeBuilt() throws IOException {
    assertEquals(
        Optional.of(Set.of(ByteString.of("/nix/store/x.drv"))),
        toBuild("echo 'these will be built:'; echo '  /nix/store/x.drv'; echo /nix/store/y >&2"));
  }

  @Test
  void optionStandsBeforeTheDelimiterAndSettingsInTheEnvironment() throws IOException {
    String script = "[ \"$*/$NIX_CONFIG\" = '-A x --dry-run -- y/a = b' ] && echo /is.drv";
    assertEquals(
        Optional.of(Set.of(ByteString.of("/is.drv"))), toBuild(script, "-A", "x", "--", "y"));
  }

  @Test
  void wrongExpressionBuildsNothing() throws IOException {
    assertEquals(Optional.of(Set.of()), toBuild("echo 'error: undefined' >&2; exit 1"));
  }

  @Test
  void whatBuildsOrCannotSayIsUnknown() throws IOException {
    for (String why :
        List.of(
            "cannot build /x.drv: the option allow-import-from-derivation is disabled",
            "unrecognised flag --dry-run")) {
      assertEquals(Optional.empty(), toBuild("echo 'error: " + why + "' >&2; exit 1"));
    }
  }
}
