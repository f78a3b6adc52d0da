package nixbuildshell.session;

import static nixbuildshell.files.Fixture.name;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import nixbuildshell.files.Directory;
import nixbuildshell.files.Fixture;
import nixbuildshell.files.TreeCopy;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChangesTest {
  private static final BooleanSupplier NEVER = () -> false;

  @TempDir Path temporary;
  private Sessions sessions;

  @BeforeEach
  void open() {
    sessions =
        Sessions.open(
            Fixture.FILES, variable -> Optional.empty(), Optional.of(name(temporary.toString())));
  }

  @AfterEach
  void close() throws Exception {
    sessions.close();
    Fixture.run("chmod", "-R", "u+rwX", temporary.toString());
  }

  private Session staged() throws Exception {
    Session session =
        Sample.session(
            sessions,
            Sample.remembered(Remembered.Kind.INTERACTIVE, name("/x"), name("x")),
            Optional.empty());
    String at = session.path().toString();
    String stage =
        "mkdir -p build/d/e store/upper/out; echo >build/f; echo >build/d/e/g; ln build/f build/h;"
            + " touch -d 1980-01-01 build/f build; touch -d 2100-01-01 build/d/e/g;"
            + " mkdir build/shut; echo >build/shut/x; chmod 0 build/shut";
    Fixture.run("sh", "-euc", "cd " + at + "; " + stage);
    session.markStaged();
    return session;
  }

  @Test
  void everyKindOfEditCounts() throws Exception {
    Map<String, Boolean> cases = new LinkedHashMap<>();
    cases.put("cat build/f; ls -lR . >/dev/null; test -x build/d", false);
    cases.put("cd build/d; cat e/g >/dev/null; sleep 0.01", false);
    cases.put("echo >>build/d/e/g", true);
    cases.put("echo >build/new", true);
    cases.put("rm build/f build/h", true);
    cases.put("mv build/d/e/g build/d/e/g2", true);
    cases.put("chmod 700 build/d/e", true);
    cases.put("touch -d 1980-01-01 build/f", true);
    cases.put("mkdir tmp/x", true);
    cases.put("echo >tmp/x; rm tmp/x", true);
    cases.put("mkdir store/upper/out2", true);
    cases.put("echo >store/upper/out/x", true);
    cases.put("touch -d 1970-01-01 build/d; rmdir build/d/e 2>/dev/null || rm -r build/d", true);
    for (Map.Entry<String, Boolean> each : cases.entrySet()) {
      Session session = staged();
      Fixture.run("sh", "-euc", "cd " + session.path() + "; " + each.getKey());
      assertEquals(each.getValue(), session.isChanged(NEVER), each.getKey());
      assertEquals(each.getValue(), session.isChanged(NEVER), "the second time: " + each.getKey());
      assertEquals(Optional.empty(), sessions.delete(session, NEVER));
    }
  }

  @Test
  void anEditCountsHoweverSoonItComes() throws Exception {
    for (int i = 0; i < 100; i++) {
      Session session =
          Sample.session(
              sessions,
              Sample.remembered(Remembered.Kind.INTERACTIVE, name("/x"), name("x")),
              Optional.empty());
      Path file = Files.writeString(Path.of(session.path() + "/build/f"), "");
      session.markStaged();
      boolean edit = i % 2 == 0;
      if (edit) {
        Files.writeString(file, "x");
      }
      assertEquals(edit, session.isChanged(NEVER));
      assertEquals(Optional.empty(), sessions.delete(session, NEVER));
    }
  }

  @Test
  void anUnstagedSessionHasNoChanges() throws Exception {
    try (Session session =
        Sample.session(
            sessions,
            Sample.remembered(Remembered.Kind.INTERACTIVE, name("/x"), name("x")),
            Optional.empty())) {
      Files.writeString(Path.of(session.path() + "/build/f"), "");
      assertFalse(session.isChanged(NEVER));
    }
  }

  /** Measures why only the mtime of the upper directory counts. */
  @Test
  void mountingTheOverlayAndLookingAroundIsNoChange() throws Exception {
    for (boolean edit : new boolean[] {false, true}) {
      Session session = staged();
      Path lower = Files.createDirectories(temporary.resolve("lower/pkg")).getParent();
      Files.writeString(lower.resolve("pkg/file"), "x");
      String script =
          "cd "
              + session.path()
              + "; mount -t overlay none root -o userxattr,lowerdir="
              + lower
              + ",upperdir=store/upper,workdir=store/work; ls -lR root; cat root/pkg/file;"
              + (edit ? " echo more >>root/pkg/file" : "");
      Fixture.run("unshare", "-Urm", "sh", "-euc", script);
      assertEquals(edit, session.isChanged(NEVER));
      assertEquals(Optional.empty(), sessions.delete(session, NEVER));
      assertFalse(Files.exists(Path.of(session.path().toString())));
    }
  }

  @Test
  void aPartialOutputIsSeededAndHidesTheOneBelow() throws Exception {
    Path store = Files.createDirectories(temporary.resolve("store"));
    Fixture.run(
        "sh",
        "-euc",
        "cd "
            + store
            + "; mkdir -p out/bin dev; echo x >out/bin/x; echo >dev/h; ln -s out link;"
            + " echo >file; chmod 444 out/bin/x; chmod 555 out/bin out; touch -d 2001-01-01 out");
    Session session = staged();
    WorkingCopy copy = new WorkingCopy(session, TreeCopy.plain());
    try (Directory from = Fixture.open(store);
        Directory upper = session.open("store/upper")) {
      for (String each : new String[] {"link", "file"}) {
        assertEquals(1, copy.copyOutput(from, name(each)).files());
      }
      upper.removeDirectory(name("out"));
      assertEquals(1, copy.copyOutput(from, name("out")).files());
      assertEquals(0555, upper.status(name("out")).mode());
      assertEquals(from.status(name("out")).modified(), upper.status(name("out")).modified());
    }
    // Only the layer below has the file now, and an opaque directory hides that.
    String script =
        "cd "
            + session.path()
            + "; cat store/upper/out/bin/x; chmod -R u+w store/upper/out; rm store/upper/out/bin/x;"
            + " mv store/upper/out/bin store/upper/out/moved;"
            + " mount -t overlay none root -o userxattr,lowerdir="
            + store
            + ",upperdir=store/upper,workdir=store/work; cd root; ls out; rm -r out; mkdir out;"
            + " ls out; rm link file; ls";
    assertEquals("x\nmoved\ndev\nout\n", Fixture.run("unshare", "-Urm", "sh", "-euc", script));
    assertTrue(Files.exists(store.resolve("out/bin/x")));
    assertEquals(Optional.empty(), sessions.delete(session, NEVER));
  }
}
