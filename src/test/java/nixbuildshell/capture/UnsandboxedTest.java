package nixbuildshell.capture;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import nixbuildshell.ByteString;
import nixbuildshell.files.Answers;
import nixbuildshell.store.DerivationFinder;
import nixbuildshell.store.KeptFiles;
import nixbuildshell.store.LogText;
import nixbuildshell.store.StorePath;
import nixbuildshell.store.TestStore;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests how a build without a sandbox is told where the directory itself does not say so. */
class UnsandboxedTest {
  private static final StorePath OUT = TestStore.path("aa", "a");

  @TempDir Path root;

  @ParameterizedTest
  @CsvSource({
    "nix-build-a.drv-0, true, plain,, ",
    "nix-build-a.drv-0, false, plain,, SETTINGS",
    "nix-build-a.drv-0, relaxed, plain,, ",
    "nix-build-a.drv-0, relaxed, fixed,, SETTINGS",
    "nix-build-a.drv-0, relaxed, no-chroot,, SETTINGS",
    "nix-build-a.drv-0, relaxed, structured,, SETTINGS",
    "nix-build-a.drv-0, relaxed, structured-false,, ",
    "nix-build-a.drv-0, true, no-chroot,, ",
    "nix-build-a.drv-0, true, plain, /tmp/nix-build-a.drv-0, LOG_TEXT",
    "nix-build-a.drv-0, true, plain, /tmp/nix-build-a.drv-1, ",
    "nix-build-a.drv-0, true, plain, /no/nix-build-a.drv-0, ",
    "nix-4711-1234567, true, plain,, LAYOUT",
    "nix-build-a.drv-17-1, true, plain,, LAYOUT",
    "copy, false, plain,, ",
    "0123456789abcdfghijklmnpqr, true, plain,, ",
    "0123456789abcdfghijklmnpqr, false, plain,, SETTINGS",
  })
  void oneOfThreeWitnessesSaysSo(
      String name, String setting, String kind, String inLog, Fact.Source expected)
      throws IOException {
    TestStore store = new TestStore(root);
    StorePath drv = derivation(store, kind);
    Set<ByteString> log = inLog == null ? Set.of() : Set.of(ByteString.of(inLog));
    DerivationFinder finder =
        new DerivationFinder(
            store.finder().store(),
            List::of,
            Answers.NONE,
            any -> new LogText(List.of(), false, log, List.of()));
    Request request =
        new Request(
            Optional.empty(),
            2,
            variable -> Optional.empty(),
            false,
            false,
            "/build",
            setting,
            path -> path.startsWith("/tmp/"),
            user -> true,
            user -> true);
    Optional<Fact<ByteString>> top =
        new Unsandboxed(KeptFiles.named(name), request, finder)
            .top(finder.given(ByteString.of(TestStore.whole(drv))));
    assertEquals(
        Optional.ofNullable(expected)
            .map(source -> new Fact<>(ByteString.of("/tmp/" + name), source)),
        top);
  }

  private static StorePath derivation(TestStore store, String kind) throws IOException {
    Map<String, String> more =
        switch (kind) {
          case "no-chroot" -> Map.of("__noChroot", "1");
          case "structured" -> Map.of("__json", "{\\\"__noChroot\\\":true}");
          case "structured-false" -> Map.of("__json", "{\\\"__noChroot\\\":false}");
          default -> Map.of();
        };
    return kind.equals("fixed")
        ? store.fixedOutput("d1", "a", OUT, "")
        : store.derivation("d1", "a", TestStore.SHELL, OUT, more);
  }
}
