package nixbuildshell.view;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import nixbuildshell.ByteString;
import nixbuildshell.files.Answers;
import nixbuildshell.files.FileType;
import nixbuildshell.files.Fixture;
import nixbuildshell.sandbox.HostPath;
import nixbuildshell.sandbox.StoreView;
import nixbuildshell.store.StorePath;
import nixbuildshell.store.TestStore;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InteractiveBashTest {
  private static final ByteString OWN = ByteString.of(TestStore.SHELL);
  private static final StorePath PACKAGED = TestStore.path("pp", "bash-interactive-5.2");
  private static final StorePath OTHER = TestStore.path("ii", "bash-interactive-5.3");

  @TempDir Path root;
  private TestHost host;

  @BeforeEach
  void make() throws IOException {
    host = new TestHost(root);
    bash(TestHost.BASH, false);
  }

  private void bash(StorePath path, boolean edits) throws IOException {
    Path program = root.resolve("nix/store/" + path.baseName() + "/bin/bash");
    Files.createDirectories(program.getParent());
    Files.deleteIfExists(program);
    if (edits) {
      TestStore.program(program);
    } else {
      Files.writeString(program, "");
    }
    program.toFile().setExecutable(true);
  }

  private static StoreView.Exact view(StorePath... paths) {
    return new StoreView.Exact(TestStore.list(FileType.DIRECTORY, paths));
  }

  private StoreLookup lookup() {
    return new StoreLookup(
        host.caller(),
        Fixture.FILES,
        host.nix(),
        uid -> false,
        Answers.NONE,
        () -> false,
        host.messages());
  }

  private InteractiveBash.Chosen choose(StoreView view) {
    return new InteractiveBash(host.caller(), host.nix(), lookup(), List.of()).choose(OWN, view);
  }

  private static ByteString in(StorePath path) {
    return ByteString.of(TestHost.whole(path) + "/bin/bash");
  }

  @Test
  void onlyABashWithLineEditingCounts() throws IOException {
    assertEquals(
        new InteractiveBash.Chosen(OWN, false, view(TestHost.BASH), List.of()),
        choose(view(TestHost.BASH)));
    bash(TestHost.BASH, true);
    assertTrue(choose(view(TestHost.BASH)).edits());
    assertEquals(OWN, choose(new StoreView.Whole()).bash());
  }

  @Test
  void theBuildsClosureMayHaveOne() throws IOException {
    bash(OTHER, true);
    assertEquals(in(OTHER), choose(view(TestHost.BASH, OTHER)).bash());
    assertEquals(OWN, choose(view(TestHost.BASH)).bash());
  }

  @Test
  void thePackagesComesFirstAndWithItsClosure() throws IOException {
    StorePath library = TestStore.path("rr", "readline-8.2");
    bash(PACKAGED, true);
    bash(OTHER, true);
    Files.createDirectory(root.resolve("nix/store/" + library.baseName()));
    host.program(
        "nix-store", "echo " + TestHost.whole(PACKAGED) + "; echo " + TestHost.whole(library));
    host.set(InteractiveBash.PACKAGED, root + "/nix/store/" + PACKAGED.baseName() + "/bin/bash");
    InteractiveBash.Chosen chosen = choose(view(TestHost.BASH, OTHER));
    assertEquals(in(PACKAGED), chosen.bash());
    assertEquals(view(TestHost.BASH, OTHER, PACKAGED, library), chosen.store());
    // A closure that is not known is no reason to fail.
    host.program("nix-store", "exit 1");
    assertEquals(in(OTHER), choose(view(TestHost.BASH, OTHER)).bash());
  }

  @Test
  void theCallersOwnCountsWhereItLiesInTheStore() throws IOException {
    bash(PACKAGED, true);
    Path link = root.resolve("sw/bin/bash");
    Files.createDirectories(link.getParent());
    Files.createSymbolicLink(link, root.resolve("nix/store/" + PACKAGED.baseName() + "/bin/bash"));
    host.set("SHELL", link.toString());
    assertEquals(in(PACKAGED), choose(view(TestHost.BASH, PACKAGED)).bash());
    host.set("SHELL", "/bin/bash");
    assertEquals(OWN, choose(view(TestHost.BASH)).bash());
  }

  @Test
  void aStaticBashOfTheHostIsMounted() throws IOException {
    Path file = root.resolve("bash-static");
    Files.write(file, elf(1));
    InteractiveBash.Chosen chosen =
        new InteractiveBash(host.caller(), host.nix(), lookup(), List.of(file))
            .choose(OWN, view(TestHost.BASH));
    HostPath mount = chosen.mounts().get(chosen.mounts().size() - 1);
    assertEquals(file.toString(), mount.source().toString());
    assertTrue(chosen.mounts().stream().allMatch(HostPath::readOnly));
    assertEquals(mount.target(), chosen.bash());
    Files.write(file, elf(3));
    assertFalse(InteractiveBash.isStatic(file));
    Files.write(file, new byte[] {0x7f, 'E', 'L', 'F'});
    assertFalse(InteractiveBash.isStatic(file));
  }

  /** A program is read in pieces of 64 KiB. */
  @Test
  void lineEditingIsFoundWhereverTheNameIs() throws IOException {
    Path file = root.resolve("program");
    for (int before : new int[] {0, 65_530, 65_536, 200_000}) {
      String program = "x".repeat(before) + "READLINE_LINE";
      Files.writeString(file, program);
      assertTrue(InteractiveBash.edits(file), before + " bytes before");
      Files.writeString(file, program.substring(0, program.length() - 1));
      assertFalse(InteractiveBash.edits(file), before + " bytes before");
    }
  }

  /** Makes a program with one program header of a type, and with line editing. */
  private static byte[] elf(int type) {
    return ByteBuffer.allocate(200)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(0, 0x464c457f)
        .put(4, (byte) 2)
        .putLong(32, 64)
        .putShort(54, (short) 56)
        .putShort(56, (short) 1)
        .putInt(64, type)
        .put(130, "READLINE_LINE".getBytes())
        .array();
  }
}
