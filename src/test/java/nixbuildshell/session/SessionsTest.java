package nixbuildshell.session;

import static nixbuildshell.files.Fixture.name;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.files.Directory;
import nixbuildshell.files.Fixture;
import nixbuildshell.files.Owner;
import nixbuildshell.files.Status;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SessionsTest {
  private static final ByteString ORIGIN = ByteString.of(new byte[] {'/', (byte) 0xff, '\n', '='});

  @TempDir Path temporary;
  private Sessions sessions;
  private Path base;

  @BeforeEach
  void open() {
    sessions = again();
    base = Path.of(sessions.path().toString());
  }

  private Sessions again() {
    ByteString work = name(temporary.toString());
    return Sessions.open(Fixture.FILES, variable -> Optional.empty(), Optional.of(work));
  }

  @AfterEach
  void close() {
    sessions.close();
  }

  private Session create(Remembered.Kind kind) {
    return Sample.session(
        sessions, Sample.remembered(kind, ORIGIN, name("probe-1.0")), Optional.empty());
  }

  private List<String> left() {
    return List.of(base.toFile().list((d, file) -> !file.equals(".lock")));
  }

  @Test
  void hasItsDirectoriesWithTheirModes() throws Exception {
    int[] modes = {0755, 0700, 01777, 0755, 01775, 0700, 01775, 0755};
    String[] paths = {
      ".", "build", "tmp", "store", "store/upper", "store/work", "store/view", "root"
    };
    try (Session session = create(Remembered.Kind.INTERACTIVE)) {
      session.makeView(Optional.empty());
      assertTrue(session.id().toString().matches("probe-1\\.0-[a-z0-9]{4}"));
      assertEquals(base + "/" + session.id(), session.path().toString());
      for (int i = 0; i < modes.length; i++) {
        try (Directory directory = session.open(paths[i])) {
          assertEquals(modes[i], directory.self().status().mode(), paths[i]);
        }
      }
      assertEquals(
          Sample.remembered(Remembered.Kind.INTERACTIVE, ORIGIN, name("probe-1.0")),
          session.remembered().get());
    }
  }

  @Test
  void rootGivesThemToTheBuildUser() throws Exception {
    assumeTrue(Fixture.root(), "only root can give files away");
    Owner owner = new Owner(30001, 30000);
    Remembered remembered = Sample.remembered(Remembered.Kind.COMMAND, ORIGIN, name("x"));
    try (Session session = Sample.session(sessions, remembered, Optional.of(owner))) {
      for (String each : new String[] {"build", "store/work"}) {
        Status status = session.directory().status(name(each));
        assertEquals(owner, new Owner(status.uid(), status.gid()), each);
      }
      Status upper = session.directory().status(name("store/upper"));
      assertEquals(new Owner(0, 30000), new Owner(upper.uid(), upper.gid()));
      assertEquals(01775, upper.mode());
      for (String each : new String[] {"root", "tmp"}) {
        assertEquals(0, session.directory().status(name(each)).uid(), each);
      }
    }
  }

  @Test
  void namesAreCleaned() {
    String[][] cases = {
      {"../../etc", "etc-...."},
      {"", "build-...."},
      {"...", "build-...."},
      {"-rf", "rf-...."},
      {"a b\nc/d?=_+", "a-b-c-d--_\\+-...."},
      {"x".repeat(300), "x{64}-...."},
    };
    for (String[] each : cases) {
      Remembered remembered = Sample.remembered(Remembered.Kind.COMMAND, ORIGIN, name(each[0]));
      try (Session session = Sample.session(sessions, remembered, Optional.empty())) {
        assertTrue(session.id().toString().matches(each[1]), session.id().toString());
      }
    }
  }

  @Test
  void cleaningStopsWhenItIsTold() {
    create(Remembered.Kind.COMMAND).close();
    sessions.clean(() -> true);
    assertEquals(1, left().size());
    sessions.clean(() -> false);
    assertEquals(List.of(), left());
  }

  @Test
  void cleaningTakesWhatIsOverAndLeavesWhatIsInUse() {
    Session running = create(Remembered.Kind.COMMAND);
    running.markStaged();
    Session command = create(Remembered.Kind.COMMAND);
    command.markStaged();
    command.close();
    create(Remembered.Kind.INTERACTIVE).close();
    try (Sessions other = again()) {
      assertEquals(List.of(), other.clean(() -> false).leftovers());
    }
    assertEquals(List.of(running.id().toString()), left());
    assertEquals(Optional.empty(), sessions.delete(running, () -> false));
    assertEquals(List.of(), left());
  }

  @Test
  void cleaningKeepsEditsAndNamesThem() throws Exception {
    Session looked = create(Remembered.Kind.INTERACTIVE);
    looked.markStaged();
    looked.close();
    Session edited = create(Remembered.Kind.INTERACTIVE);
    edited.markStaged();
    Files.writeString(Path.of(edited.path() + "/tmp/edit"), "x");
    edited.close();
    for (int i = 0; i < 2; i++) {
      List<Sessions.Kept> kept = sessions.clean(() -> false).kept();
      assertEquals(1, kept.size());
      assertEquals(edited.path(), kept.get(0).path());
      assertEquals(i == 0, kept.get(0).isNews());
    }
    assertEquals(List.of(edited.id().toString()), left());
  }

  @Test
  void ofALargeCopyOnlyTheFirstFilesAreDeletedAtOnce() throws Exception {
    Session session = create(Remembered.Kind.COMMAND);
    Path many = Files.createDirectory(Path.of(session.path() + "/build/many"));
    for (int i = 0; i < 1500; i++) {
      Files.createFile(many.resolve("f" + i));
    }
    FirstFiles first = new FirstFiles();
    assertEquals(Optional.empty(), sessions.delete(session, first));
    assertTrue(first.stopped());
    assertEquals(1, left().size());
    assertTrue(left().get(0).startsWith(".removing-"), left().get(0));
    assertEquals(List.of(), sessions.all());
    try (Directory other = Fixture.FILES.openDirectory(name(base + "/" + left().get(0)))) {
      assertTrue(other.self().tryLock());
      assertEquals(Optional.empty(), sessions.removeGivenUp(() -> false));
      assertEquals(1, left().size(), "another process is at it");
    }
    try (Sessions reopened = Sessions.reopen(Fixture.FILES, name(base.toString()))) {
      assertEquals(Optional.empty(), reopened.removeGivenUp(() -> false));
    }
    assertEquals(List.of(), left());
  }

  @Test
  void cleaningFinishesWhatAKilledRunBegan() throws Exception {
    Files.createDirectory(base.resolve("probe-0000"));
    Files.createDirectories(base.resolve(".removing-probe-0001-zzzz/build"));
    Files.createDirectories(base.resolve("not-a-session/precious"));
    Files.createDirectories(base.resolve("half-0002/build"));
    Files.writeString(base.resolve("half-0002/lock"), "");
    assertEquals(List.of(), sessions.clean(() -> false).leftovers());
    assertEquals(List.of("not-a-session"), left());
  }

  @Test
  void aSessionIsFoundAgainAndHasOneUser() throws Exception {
    Session first = create(Remembered.Kind.INTERACTIVE);
    first.markStaged();
    Path path = Path.of(first.path().toString());
    Files.writeString(path.resolve("build/edit"), "x");
    try (Directory opened = Fixture.open(path);
        Directory inner = Fixture.open(path.resolve("build"));
        Sessions other = again()) {
      Failure busy = assertThrows(Failure.class, () -> other.find(opened));
      assertTrue(busy.getMessage().contains("in use by another nix-build-shell"));
      first.close();
      try (Session second = other.find(opened).get()) {
        assertEquals(ORIGIN, second.remembered().get().origin());
        assertTrue(second.isChanged(() -> false));
        assertThrows(Failure.class, () -> sessions.find(opened));
      }
      assertEquals(Optional.empty(), other.find(inner));
      Files.writeString(path.resolve("session.properties"), "version=99\n");
      assertEquals(Optional.empty(), other.find(opened));
      assertEquals(1, other.clean(() -> false).kept().size());
    }
  }

  /** Fails within seconds when a cleaner can see a session between its making and its locking. */
  @Test
  void manyRunsStartAndCleanAtOnce() throws Exception {
    Path classes = Fixture.classesForAll(Files.createDirectory(temporary.resolve("java")));
    List<Process> processes = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      String command = Fixture.java(classes, SessionsMain.class) + " " + temporary + " 60";
      processes.add(
          new ProcessBuilder(command.split(" "))
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start());
    }
    for (Process each : processes) {
      String output = new String(each.getInputStream().readAllBytes());
      assertEquals("done\n", output);
      assertEquals(0, each.waitFor());
    }
    assertEquals(List.of(), left());
  }

  @Test
  void theBaseIsPrivate() throws Exception {
    try (Directory opened = Fixture.open(base)) {
      assertEquals(0700, opened.self().status().mode());
    }
    assertFalse(sessions.path().isEmpty());
  }

  @Test
  void allAreListedWithTheirStates() throws Exception {
    assertEquals(List.of(), sessions.all());
    Files.createDirectory(base.resolve("empty"));
    Session left = create(Remembered.Kind.COMMAND);
    left.close();
    Session changed = create(Remembered.Kind.INTERACTIVE);
    try (changed) {
      changed.markStaged();
      Files.writeString(base.resolve(changed.id() + "/build/new"), "");
      assertTrue(changed.isChanged(() -> false));
    }
    try (Session used = create(Remembered.Kind.INTERACTIVE)) {
      List<Sessions.Listed> all = sessions.all();
      assertEquals(
          Map.of(
              used.path(), Sessions.State.IN_USE,
              changed.path(), Sessions.State.CHANGED,
              left.path(), Sessions.State.LEFT),
          all.stream().collect(Collectors.toMap(Sessions.Listed::path, Sessions.Listed::state)));
      assertEquals(ORIGIN, all.get(0).remembered().orElseThrow().origin());
    }
    Status.Time before = sessions.all().get(0).used();
    Thread.sleep(20);
    try (Session again = sessions.lock(changed.id()).orElseThrow()) {
      again.markUsed();
    }
    assertTrue(
        sessions.all().stream()
                .filter(each -> each.path().equals(changed.path()))
                .findFirst()
                .orElseThrow()
                .used()
                .compareTo(before)
            > 0);
    // To list them locks none for good.
    sessions.clean(() -> false);
    assertEquals(1, sessions.all().size());
  }

  @Test
  void toFindTheBaseMakesNone() {
    ByteString work = name(temporary + "/none");
    assertEquals(
        Optional.empty(),
        Sessions.find(Fixture.FILES, variable -> Optional.empty(), Optional.of(work)));
    assertFalse(Files.exists(temporary.resolve("none")));
    ByteString here = name(temporary.toString());
    try (Sessions found =
        Sessions.find(Fixture.FILES, variable -> Optional.empty(), Optional.of(here))
            .orElseThrow()) {
      assertEquals(sessions.path(), found.path());
    }
  }
}
