package nixbuildshell.view;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Syscall;
import nixbuildshell.files.Directory;
import nixbuildshell.files.FileSystem;
import nixbuildshell.kernel.Kernels;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.sandbox.Identity;
import nixbuildshell.sandbox.StoreView;
import nixbuildshell.session.Remembered;
import nixbuildshell.session.Sample;
import nixbuildshell.session.Session;
import nixbuildshell.session.Sessions;
import nixbuildshell.store.NixStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** In memory, since the machine's own file system may be an overlay, which carries none. */
class LayerProbeTest {
  private final SystemCalls calls = new SystemCalls(Kernels.best(Optional::empty));
  private final FileSystem files = new FileSystem(calls);
  private Path directory;

  @BeforeEach
  void make() throws Exception {
    directory = Files.createTempDirectory(Path.of("/dev/shm"), "layers");
  }

  @AfterEach
  void remove() throws Exception {
    assertEquals(0, new ProcessBuilder("rm", "-rf", directory.toString()).start().waitFor());
  }

  private boolean mounts(Path session) throws Exception {
    boolean root = files.userId() == 0;
    long uid = root ? 1234 : files.userId();
    long gid = root ? 5678 : calls.call(Syscall.GETEGID);
    Files.setPosixFilePermissions(session, PosixFilePermissions.fromString("rwxr-xr-x"));
    for (String each : List.of("upper", "work")) {
      Path layer = session.resolve("store").resolve(each);
      if (root && Files.exists(layer)) {
        Files.setAttribute(layer, "unix:uid", (int) uid);
        Files.setAttribute(layer, "unix:gid", (int) gid);
      }
    }
    try (Directory open = files.openDirectory(ByteString.of(session.toString()))) {
      Identity identity = new Identity(uid, gid, root);
      return new LayerProbe(calls, NixStore.DEFAULT, identity, open.self().number()).mounts();
    }
  }

  @Test
  void triesIt() throws Exception {
    for (String each : List.of("store", "store/view", "store/upper", "store/work")) {
      // Whatever umask another test has left.
      Path made = Files.createDirectory(directory.resolve(each));
      Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
    assertEquals(true, mounts(directory));
    Files.delete(directory.resolve("store/upper"));
    assertEquals(false, mounts(directory));
  }

  @Test
  void isRememberedUntilItIsWrong() {
    try (Sessions sessions = sessions();
        Session session = Sample.session(sessions, remembered(), Optional.empty())) {
      int[] tried = {0};
      BooleanSupplier probe = () -> ++tried[0] > 1;
      assertEquals(false, layers(sessions, session, 1).mounts(probe));
      assertEquals(true, layers(sessions, session, 1).mounts(probe));
      assertEquals(true, layers(sessions, session, 1).mounts(probe));
      assertEquals(2, tried[0]);
      assertEquals(false, layers(sessions, session, 2).isKnown());
      layers(sessions, session, 1).forget();
      assertEquals(false, layers(sessions, session, 1).isKnown());
    }
  }

  private RememberedLayers layers(Sessions sessions, Session session, long uid) {
    Identity identity = new Identity(uid, 1, false);
    return RememberedLayers.of(sessions.answers(), files, NixStore.DEFAULT, identity, session);
  }

  private Sessions sessions() {
    Optional<ByteString> base = Optional.of(ByteString.of(directory.toString()));
    return Sessions.open(files, name -> Optional.empty(), base);
  }

  private static Remembered remembered() {
    return Sample.remembered(Remembered.Kind.COMMAND, ByteString.of("/x"), ByteString.of("x"));
  }

  @Test
  void mountPointsAreOnDiskWhereItIsRefused() {
    BooleanSupplier never =
        () -> {
          throw new AssertionError("nothing is to be tried");
        };
    StoreView.Exact layered = new StoreView.Exact(List.of(), true);
    try (Sessions sessions = sessions();
        Session session = Sample.session(sessions, remembered(), Optional.empty())) {
      assertEquals(layered, StoreLookup.in(session, layered, () -> true));
      assertEquals(layered.onDisk(), StoreLookup.in(session, layered, () -> false));
      assertEquals(layered.onDisk(), StoreLookup.in(session, layered.onDisk(), never));
    }
  }
}
