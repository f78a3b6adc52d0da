package nixbuildshell.view;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.capture.KeptDirectory;
import nixbuildshell.files.Answers;
import nixbuildshell.files.Directory;
import nixbuildshell.files.EntryList;
import nixbuildshell.files.FileType;
import nixbuildshell.files.Fixture;
import nixbuildshell.files.Listing;
import nixbuildshell.sandbox.StoreView;
import nixbuildshell.session.MountPoints;
import nixbuildshell.session.Remembered;
import nixbuildshell.session.Sample;
import nixbuildshell.session.Session;
import nixbuildshell.session.Sessions;
import nixbuildshell.session.SpareStores;
import nixbuildshell.store.StorePath;
import nixbuildshell.store.TestStore;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StoreLookupTest {
  private static final StorePath DIRECTORY = TestStore.path("bb", "directory");
  private static final StorePath FILE = TestStore.path("cc", "file");
  private static final StorePath LINK = TestStore.path("ii", "link");
  private static final StorePath OTHER = TestStore.path("ff", "other");

  @TempDir Path root;
  private TestHost host;
  private Path store;
  private long writable = -1;

  @BeforeEach
  void make() throws IOException {
    host = new TestHost(root);
    store = root.resolve("nix/store");
    Files.createDirectory(store.resolve(DIRECTORY.baseName()));
    host.file(store.resolve(FILE.baseName()), "");
    Files.createSymbolicLink(store.resolve(LINK.baseName()), Path.of("/none"));
  }

  private StoreView view() {
    return view(true);
  }

  private StoreView view(boolean sandboxed, StorePath... tools) {
    try (KeptDirectory kept = host.open()) {
      return lookup()
          .of(kept, host.build(kept, Optional.empty()), sandboxed, host.sandboxPaths(tools));
    }
  }

  private StoreLookup lookup() {
    return new StoreLookup(
        host.caller(),
        Fixture.FILES,
        host.nix(),
        uid -> uid == writable,
        Answers.NONE,
        () -> false,
        host.messages());
  }

  private static Listing.Entry entry(StorePath path, FileType type) {
    return new Listing.Entry(ByteString.of(path.baseName()), type);
  }

  @Test
  void showsWhatTheManifestNamesAsItIsOnTheHost() {
    host.manifestOf(LINK, DIRECTORY, FILE, TestHost.BASH);
    assertEquals(
        new StoreView.Exact(
            EntryList.of(
                List.of(
                    entry(LINK, FileType.LINK),
                    entry(DIRECTORY, FileType.DIRECTORY),
                    entry(FILE, FileType.REGULAR),
                    entry(TestHost.BASH, FileType.DIRECTORY)))),
        view());
    assertEquals("", host.said());
  }

  @Test
  void showsTheClosureOfWhatTheCallerNamesBesideTheManifests() {
    host.manifestOf(TestHost.BASH);
    host.program("nix-store", "printf '%s\\n' " + whole(FILE, DIRECTORY));
    assertEquals(
        List.of(TestHost.BASH, DIRECTORY, FILE),
        assertInstanceOf(StoreView.Exact.class, view(true, FILE)).paths().stream().toList());
  }

  @ParameterizedTest
  @CsvSource({"true, the store has no such path", "false, there is no nix-store on PATH"})
  void refusesWhatTheCallerNamesAndCannotBeShown(boolean gone, String why) {
    host.manifestOf(TestHost.BASH);
    host.set("PATH", "/none");
    Failure refused = assertThrows(Failure.class, () -> view(true, gone ? OTHER : FILE));
    assertTrue(refused.getMessage().contains(why), refused.getMessage());
  }

  private static String whole(StorePath... paths) {
    return Arrays.stream(paths).map(TestHost::whole).collect(Collectors.joining(" "));
  }

  @Test
  void refusesWhatIsGoneOrNoStorePathCanBe() throws Exception {
    host.manifestOf(TestHost.BASH, OTHER);
    Failure gone = assertThrows(Failure.class, this::view);
    assertEquals(
        "cannot show the store as the build saw it: a store path is garbage-collected: "
            + TestHost.whole(OTHER),
        gone.getMessage());
    Fixture.run("mkfifo", store.resolve(OTHER.baseName()).toString());
    Failure fifo = assertThrows(Failure.class, this::view);
    assertEquals(
        "cannot show " + TestHost.whole(OTHER) + ": it is " + FileType.FIFO, fifo.getMessage());
  }

  @Test
  void refusesWhatTheSandboxCouldWriteTo() {
    host.manifestOf(TestHost.BASH, FILE);
    writable = Fixture.FILES.userId();
    Failure refused = assertThrows(Failure.class, this::view);
    assertEquals(
        "cannot show "
            + TestHost.whole(TestHost.BASH)
            + ": it is not finished: a build with the same users left it",
        refused.getMessage());
  }

  /** A build without a sandbox saw the whole store; the manifest may say so, or its place. */
  @ParameterizedTest
  @CsvSource({"false, , false", "true, false, false", "true, true, true", "true, , true"})
  void isWholeForABuildWithoutASandbox(boolean sandboxed, Boolean said, boolean unknown) {
    host.manifest(said == null ? "\"id\": \"x\"" : "\"sandboxed\": " + said);
    assertInstanceOf(StoreView.Whole.class, view(sandboxed));
    assertEquals(unknown, host.said().contains("the build's part is unknown"));
  }

  @Test
  void aSessionShowsWhatItShowed() throws Exception {
    Remembered remembered =
        Sample.remembered(Remembered.Kind.COMMAND, ByteString.of("/x"), ByteString.of("x"));
    Optional<ByteString> base = Optional.of(ByteString.of(root.toString()));
    try (Sessions sessions = Sessions.open(Fixture.FILES, name -> Optional.empty(), base);
        Session session = Sample.session(sessions, remembered, Optional.empty());
        Directory real = Fixture.open(store)) {
      assertEquals(new StoreView.Whole(), lookup().of(session, host.sandboxPaths()));
      MountPoints points = new MountPoints(session, real);
      points.prepare(TestStore.list(FileType.REGULAR, FILE), Optional.empty(), SpareStores.NONE);
      assertEquals(
          new StoreView.Exact(TestStore.list(FileType.REGULAR, FILE)),
          lookup().of(session, host.sandboxPaths()));
      host.program("nix-store", "printf '%s\\n' " + whole(FILE, DIRECTORY));
      StoreView more = lookup().of(session, host.sandboxPaths(DIRECTORY));
      points.add(
          EntryList.of(
              List.of(entry(FILE, FileType.REGULAR), entry(DIRECTORY, FileType.DIRECTORY))));
      assertEquals(more, lookup().of(session, host.sandboxPaths()));
      Path paths = Path.of(session.path() + "/store/paths");
      Files.writeString(paths, "layered\n../../etc\n");
      Failure damaged =
          assertThrows(Failure.class, () -> lookup().of(session, host.sandboxPaths()));
      assertEquals(
          "cannot use " + session.path() + ": its store/paths is damaged", damaged.getMessage());
    }
  }
}
