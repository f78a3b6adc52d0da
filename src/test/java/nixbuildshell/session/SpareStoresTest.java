package nixbuildshell.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.files.Directory;
import nixbuildshell.files.EntryList;
import nixbuildshell.files.FileType;
import nixbuildshell.files.Fixture;
import nixbuildshell.files.Listing;
import nixbuildshell.files.Owner;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SpareStoresTest {
  private static final ByteString NAME = ByteString.of("x");

  @TempDir Path temporary;
  private Path store;
  private Path base;
  private Sessions sessions;

  @BeforeEach
  void make() throws IOException {
    store = Files.createDirectory(temporary.resolve("store"));
    Files.createSymbolicLink(store.resolve("link"), Path.of("target"));
    Optional<ByteString> work = Optional.of(ByteString.of(temporary.toString()));
    sessions = Sessions.open(Fixture.FILES, variable -> Optional.empty(), work);
    base = Path.of(sessions.path().toString());
  }

  @AfterEach
  void close() {
    sessions.close();
  }

  private Path view(Session session) {
    return Path.of(session.view().toString());
  }

  private static Listing.Entry entry(String name, FileType type) {
    return new Listing.Entry(ByteString.of(name), type);
  }

  private static List<Listing.Entry> usual() {
    return List.of(entry("directory", FileType.DIRECTORY), entry("file", FileType.REGULAR));
  }

  private Session session(List<Listing.Entry> entries) throws Exception {
    return session(entries, Optional.empty());
  }

  private Session session(List<Listing.Entry> entries, Optional<Owner> owner) throws Exception {
    Session session = sessions.create(NAME, owner);
    try (Directory real = Fixture.open(store)) {
      new MountPoints(session, real)
          .prepare(EntryList.of(entries), owner, sessions.spareStores(owner));
    }
    session.markStaged();
    return session;
  }

  private void end(Session session) {
    end(session, Optional.empty());
  }

  private void end(Session session, Optional<Owner> owner) {
    assertEquals(
        Optional.empty(), sessions.delete(session, sessions.spareStores(owner), () -> false));
  }

  /** Tells a mount point from one that was made anew, which can have the inode of the old. */
  private Object identity(Session session) throws IOException {
    return Files.readAttributes(view(session).resolve("directory"), "unix:ino,ctime").toString();
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> all = Files.list(directory)) {
      return all.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void theNextSessionGetsTheMountPointsAndIsUnchanged() throws Exception {
    List<Listing.Entry> entries = new ArrayList<>(usual());
    entries.add(entry("link", FileType.LINK));
    Session first = session(entries);
    Object before = identity(first);
    end(first);
    try (Session second = session(entries)) {
      assertEquals(before, identity(second));
      assertEquals(List.of("directory", "file", "link"), names(view(second)));
      assertEquals(
          List.of(ByteString.of("directory"), ByteString.of("file"), ByteString.of("link")),
          second.shownStore().orElseThrow().entries().names());
      assertFalse(second.isChanged(() -> false));
      Files.createFile(view(second).resolve("made"));
      assertTrue(second.isChanged(() -> false));
    }
  }

  @Test
  void whatASandboxMadeAmongThemDoesNotComeAlong() throws Exception {
    Session first = session(usual());
    Object before = identity(first);
    Path output = Files.createDirectory(view(first).resolve("output"));
    Files.createFile(output.resolve("file"));
    Files.setPosixFilePermissions(output, PosixFilePermissions.fromString("r-xr-xr-x"));
    end(first);
    try (Session second = session(usual())) {
      assertEquals(before, identity(second));
      assertEquals(List.of("directory", "file"), names(view(second)));
      assertFalse(second.isChanged(() -> false));
    }
  }

  /** Such a session has more store paths than at first, and what commands made before. */
  @Test
  void aSessionThatCameToShowMoreKeepsWhatItMadeToItself() throws Exception {
    Session first = session(usual());
    Files.createFile(view(first).resolve("made"));
    List<Listing.Entry> more = new ArrayList<>(usual());
    more.add(entry("more", FileType.DIRECTORY));
    try (Directory real = Fixture.open(store)) {
      new MountPoints(first, real).add(EntryList.of(more));
    }
    Object before = identity(first);
    end(first);
    try (Session second = session(more)) {
      assertEquals(before, identity(second));
      assertEquals(List.of("directory", "file", "more"), names(view(second)));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"mode", "attribute", "link", "paths", "both", "kept"})
  void whatWasChangedIsMadeAnew(String what) throws Exception {
    List<Listing.Entry> entries = new ArrayList<>(usual());
    entries.add(entry("link", FileType.LINK));
    Session first = session(what.equals("link") ? entries : usual());
    Path view = view(first);
    switch (what) {
      case "mode" ->
          Files.setPosixFilePermissions(view, PosixFilePermissions.fromString("rwx------"));
      case "attribute" -> Files.setAttribute(view, "user:color", new byte[1]);
      case "link" -> {
        Files.delete(view.resolve("link"));
        Files.createSymbolicLink(view.resolve("link"), Path.of("/elsewhere"));
      }
      case "both" -> {
        Files.writeString(view.resolveSibling("paths"), "damaged");
        Files.createFile(view.resolve("made"));
      }
      case "paths" -> Files.writeString(view.resolveSibling("paths"), "damaged");
      default -> {}
    }
    end(first);
    Path spares = base.resolve(".stores");
    boolean kept = what.equals("paths") || what.equals("kept");
    assertEquals(kept, Files.exists(spares));
    if (what.equals("kept")) {
      Files.createFile(spares.resolve(names(spares).get(0)).resolve("view/planted"));
    }
    try (Session second = session(what.equals("link") ? entries : usual())) {
      assertEquals(usual().size() + (what.equals("link") ? 1 : 0), names(view(second)).size());
      assertEquals(01775, second.directory().status(ByteString.of("store/view")).mode());
      if (what.equals("link")) {
        assertEquals(Path.of("target"), Files.readSymbolicLink(view(second).resolve("link")));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"directory, REGULAR", "directory, LINK", "other, DIRECTORY"})
  void otherStorePathsHaveOthers(String name, FileType type) throws Exception {
    Files.createSymbolicLink(store.resolve("directory"), Path.of("target"));
    end(session(List.of(entry("directory", FileType.DIRECTORY))));
    try (Session other = session(List.of(entry(name, type)))) {
      assertEquals(List.of(name), names(view(other)));
      assertEquals(1, names(base.resolve(".stores")).size());
    }
  }

  @Test
  void twoSessionsAtATimeHaveTheirOwn() throws Exception {
    Session first = session(usual());
    Session second = session(usual());
    assertNotEquals(identity(first), identity(second));
    end(first);
    end(second);
    assertEquals(1, names(base.resolve(".stores")).size());
  }

  @Test
  void theOldestGo() throws Exception {
    Files.createDirectories(base.resolve(".stores/foreign"));
    for (int i = 0; i < 10; i++) {
      end(session(List.of(entry("a".repeat(i + 1), FileType.REGULAR))));
    }
    List<String> kept = names(base.resolve(".stores"));
    assertEquals(8, kept.size());
    assertTrue(kept.stream().allMatch(each -> each.matches("\\d+-[0-9a-f]+")), kept.toString());
    sessions.clean(() -> false);
    assertEquals(List.of(".lock", ".stores"), names(base));
  }

  @Test
  void rootKeepsThemForEachGroup() throws Exception {
    assumeTrue(Fixture.root(), "only root can give files away");
    Optional<Owner> one = Optional.of(new Owner(30001, 30000));
    Optional<Owner> other = Optional.of(new Owner(40001, 40000));
    end(session(usual(), one), one);
    try (Session second = session(usual(), other);
        Session third = session(usual(), one)) {
      assertEquals(40000, second.directory().status(ByteString.of("store/view")).gid());
      assertEquals(30000, third.directory().status(ByteString.of("store/view")).gid());
      assertEquals(List.of(), names(base.resolve(".stores")));
    }
  }
}
