package nixbuildshell.listing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.console.ExitCode;
import nixbuildshell.console.Messages;
import nixbuildshell.files.Fixture;
import nixbuildshell.nix.Caller;
import nixbuildshell.session.Remembered;
import nixbuildshell.session.Sample;
import nixbuildshell.session.Session;
import nixbuildshell.session.Sessions;
import nixbuildshell.store.NixStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SessionRemovalTest {
  @TempDir Path temporary;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private Sessions sessions;

  @BeforeEach
  void open() {
    sessions =
        Sessions.open(
            Fixture.FILES,
            variable -> Optional.empty(),
            Optional.of(ByteString.of(temporary.toString())));
  }

  @AfterEach
  void close() {
    sessions.close();
  }

  private Session create() {
    ByteString origin = ByteString.of("/tmp/nix-build-probe-1.0.drv-0");
    return Sample.session(
        sessions,
        Sample.remembered(Remembered.Kind.INTERACTIVE, origin, ByteString.of("probe-1.0")),
        Optional.empty());
  }

  private int clean(OptionalLong days, Object... named) {
    Caller caller = Caller.of(Map.of(), Set.of(), temporary, 1000, 100, 0);
    return new SessionRemoval(
            caller,
            Fixture.FILES,
            NixStore.DEFAULT,
            Optional.of(sessions),
            new Messages(new PrintStream(err, true), false, 0),
            new PrintStream(out, true))
        .run(days, Stream.of(named).map(each -> ByteString.of(each.toString())).toList());
  }

  private List<ByteString> left() {
    return sessions.all().stream().map(Sessions.Listed::id).toList();
  }

  @Test
  void theNamedOnesGoByPathAndByName() throws Exception {
    Session byPath = create();
    Session byName = create();
    Session stays = create();
    Files.write(Path.of(byPath.path() + "/build/file"), new byte[1 << 20]);
    for (Session each : List.of(byPath, byName, stays)) {
      each.close();
    }
    assertEquals(0, clean(OptionalLong.empty(), byPath.path() + "/../" + byPath.id(), byName.id()));
    assertEquals(List.of(stays.id()), left());
    assertTrue(err.toString().contains("deleted " + byPath.path() + " (1.0M)"), err::toString);
    assertEquals("", out.toString());
  }

  @Test
  void aSessionInUseStays() {
    create().close();
    try (Session used = create()) {
      assertEquals(ExitCode.TOOL_FAILED, clean(OptionalLong.empty(), used.id()));
      assertEquals(0, clean(OptionalLong.of(0)));
      assertEquals(List.of(used.id()), left());
      assertTrue(err.toString().contains(used.path() + " is in use, and stays"), err::toString);
    }
    assertEquals(0, clean(OptionalLong.of(1)));
    assertEquals(1, left().size());
    assertEquals(0, clean(OptionalLong.of(0)));
    assertEquals(List.of(), left());
  }

  @Test
  void aKeptDirectoryStaysAndTheCommandIsPrinted() throws Exception {
    Path kept = Files.createDirectories(temporary.resolve("a 'b/nix-build-probe-1.0.drv-0"));
    assertEquals(0, clean(OptionalLong.empty(), kept));
    assertTrue(Files.exists(kept));
    assertEquals(
        "sudo rm -rf -- '" + kept.toString().replace("'", "'\\''") + "'\n", out.toString());
    Path nested = Files.createDirectories(temporary.resolve("nix-1-2/build"));
    out.reset();
    clean(OptionalLong.empty(), nested);
    assertEquals("sudo rm -rf -- " + nested.getParent() + "\n", out.toString());
  }

  @Test
  void anythingElseIsRefused() {
    for (Object other : List.of(temporary, temporary + "/none", "/", "no-such-session")) {
      assertThrows(Failure.class, () -> clean(OptionalLong.empty(), other), other.toString());
    }
    assertEquals("", out.toString());
  }
}
