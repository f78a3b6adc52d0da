package nixbuildshell.launch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.FileType;
import nixbuildshell.kernel.Kernels;
import nixbuildshell.kernel.NativeMemory;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.plan.OldKernel;
import nixbuildshell.plan.Outcome;
import nixbuildshell.plan.Plan;
import nixbuildshell.plan.Planner;
import nixbuildshell.plan.SampleStreams;
import nixbuildshell.plan.Step;
import nixbuildshell.sandbox.Entry;
import nixbuildshell.sandbox.Identity;
import nixbuildshell.sandbox.NixSandbox;
import nixbuildshell.sandbox.Program;
import nixbuildshell.sandbox.SampleRequest;
import nixbuildshell.sandbox.SandboxSpec;
import nixbuildshell.sandbox.StoreView;
import nixbuildshell.store.StorePath;
import nixbuildshell.store.TestStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Runs the real sandbox in real namespaces, and makes each step of its plan fail once. */
class EveryStepTest {
  private static final long BUILD_USER = 4242;

  private static final StorePath SHELL = new StorePath("0".repeat(32), "sh");

  @TempDir Path session;
  private StoreView view;
  private final SystemCalls calls = new SystemCalls(Kernels.best(Optional::empty));
  private final int[] sockets = new int[2];
  private final boolean root = calls.call(Syscall.GETEUID) == 0;

  /** Makes a session's directory with a store of its own, so that the test needs no Nix. */
  @BeforeEach
  void makeSession() throws IOException {
    for (String each :
        List.of("build", "tmp", "store/upper", "store/work", "store/view", "lower", "root")) {
      Files.createDirectories(session.resolve(each));
    }
    Files.createFile(session.resolve("lower/sh")).toFile().setExecutable(true, false);
    Files.createFile(session.resolve("lower/" + SHELL.baseName()));
    Files.createFile(session.resolve("store/view/" + SHELL.baseName()));
    Files.createFile(session.resolve("store/view/sh"));
    Files.createFile(session.resolve("store/upper/sh"));
    try (Stream<Path> all = Files.walk(session)) {
      for (Path each : all.toList()) {
        if (Files.isDirectory(each)) {
          // Another test may have left any umask.
          Files.setPosixFilePermissions(each, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        if (root && !each.equals(session) && !each.startsWith(session.resolve("root"))) {
          Files.setAttribute(each, "unix:uid", (int) BUILD_USER);
          Files.setAttribute(each, "unix:gid", (int) BUILD_USER);
        }
      }
    }
  }

  /** Makes the socket pair on which the child sends its terminal. Nothing receives it here. */
  @BeforeEach
  void makeSocketPair() {
    try (NativeMemory pair = NativeMemory.ofSize(calls, 8)) {
      int stream = 1;
      calls.must("cannot make sockets", Syscall.SOCKETPAIR, 1, stream, 0, pair.address());
      ByteBuffer ends = ByteBuffer.wrap(pair.read(0, 8)).order(ByteOrder.nativeOrder());
      sockets[0] = ends.getInt();
      sockets[1] = ends.getInt();
    }
  }

  @AfterEach
  void closeSocketPair() {
    calls.call(Syscall.CLOSE, sockets[0]);
    calls.call(Syscall.CLOSE, sockets[1]);
  }

  static List<StoreView> views() {
    return List.of(
        new StoreView.Whole(), new StoreView.Exact(TestStore.list(FileType.REGULAR, SHELL)));
  }

  @ParameterizedTest
  @MethodSource("views")
  void aStepThatFailsIsNamed(StoreView view) throws Exception {
    this.view = view;
    List<Step> steps = plan(GoPipe.open(calls)).steps();
    int last = steps.size() - 1;
    assertTrue(last > 100, "the plan has " + steps.size() + " steps");
    for (int broken = 0; broken <= last; broken++) {
      Outcome outcome = launch(broken);
      Outcome.Failed failed = (Outcome.Failed) outcome;
      // The shell is an empty file: a plan that goes on fails where it executes the shell.
      boolean goesOn = toleratesEnosys(steps.get(broken));
      assertEquals(goesOn ? last : broken, failed.index(), () -> "at " + outcome.why());
      assertEquals(!goesOn, failed.errno() == Errno.ENOSYS.number(), failed.why());
      assertTrue(failed.why().contains(failed.step().syscall() + "("), failed.why());
      emptyRoot();
    }
  }

  private static boolean toleratesEnosys(Step step) {
    return step.tolerated().stream().anyMatch(each -> each.errno() == Errno.ENOSYS);
  }

  private Outcome launch(int broken) throws Exception {
    FutureTask<Outcome> launch = new FutureTask<>(() -> launchHere(broken));
    // The thread gets a working directory of its own for good.
    new Thread(launch).start();
    return launch.get();
  }

  private Outcome launchHere(int broken) throws ErrnoException {
    try (Directory directory = openSession()) {
      GoPipe go = GoPipe.open(calls);
      Plan plan = plan(go);
      IdMaps maps =
          IdMaps.one(
              identity().uid(), identity().outsideUid(),
              identity().gid(), identity().outsideGid());
      OptionalInt start = OptionalInt.of(directory.self().number());
      long flags = root ? SamplePlan.FLAGS & ~Launch.CLONE_VM : SamplePlan.FLAGS;
      Launch launch = new Launch(plan, flags, maps, start, root, Optional.empty());
      SharedImage image = launch.image(calls);
      Records.breakStep(image, broken);
      return launch.start(calls, go, image).await().outcome();
    }
  }

  private Directory openSession() {
    try {
      return new FileSystem(calls).openDirectory(ByteString.of(session.toString()));
    } catch (ErrnoException e) {
      throw new AssertionError(e);
    }
  }

  private Identity identity() {
    return root
        ? new Identity(BUILD_USER, BUILD_USER, true)
        : new Identity(calls.call(Syscall.GETEUID), calls.call(Syscall.GETEGID), false);
  }

  private Plan plan(GoPipe go) {
    ByteString shell = ByteString.of("/nix/store/sh");
    Program program = new Program(List.of(shell), List.of(shell), List.of(), "/build", true, false);
    SandboxSpec nix =
        NixSandbox.of(SampleRequest.of(identity(), Optional.of(shell), view), program);
    List<Entry> entries = nix.entries().stream().map(EveryStepTest::onOwnStore).toList();
    return Planner.plan(
        SampleRequest.withEntries(nix, entries),
        go.ends(),
        SampleStreams.ofAllKinds(go.ends().read(), sockets[0], sockets[1]),
        OldKernel.NONE);
  }

  private static Entry onOwnStore(Entry entry) {
    if (entry instanceof Entry.Overlay overlay) {
      return new Entry.Overlay(overlay.path(), "lower", overlay.upper(), overlay.work());
    } else if (entry instanceof Entry.BoundStore store) {
      return new Entry.BoundStore(store.path(), "lower", store.directory(), store.paths());
    }
    return entry;
  }

  /** Empties the root, which is on disk for root. */
  private void emptyRoot() throws IOException {
    try (Stream<Path> all = Files.walk(session.resolve("root"))) {
      for (Path each : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
        if (!each.equals(session.resolve("root"))) {
          Files.delete(each);
        }
      }
    }
  }
}
