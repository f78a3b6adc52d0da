package nixbuildshell.store;

import static nixbuildshell.files.Fixture.FILES;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import nixbuildshell.ByteString;
import nixbuildshell.files.Answers;
import nixbuildshell.files.Directory;
import nixbuildshell.files.Fixture;
import nixbuildshell.files.Status;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RememberedClosuresTest {
  private static final StorePath DERIVATION = TestStore.path("dd", "probe.drv");
  private static final StorePath ONE = TestStore.path("aa", "one");
  private static final StorePath TWO = TestStore.path("bb", "two-2.0");

  @TempDir Path root;

  private NixStore store() throws Exception {
    NixStore store = new TestStore(root).store(root);
    for (StorePath path : List.of(ONE, TWO)) {
      Files.createDirectories(Path.of(store.real(), path.baseName()));
    }
    return store;
  }

  private Optional<Set<StorePath>> found(Answers answers) throws Exception {
    return new RememberedClosures(new StoreEntries(FILES, store()), answers)
        .find(DERIVATION, List.of());
  }

  @Test
  void findsWhatWasPut() throws Exception {
    try (Directory base = Fixture.open(root)) {
      Answers answers = Answers.in(base);
      StoreEntries entries = new StoreEntries(FILES, store());
      new RememberedClosures(entries, answers).put(DERIVATION, List.of(), Set.of(ONE, TWO));
      assertEquals(Optional.of(Set.of(ONE, TWO)), found(answers));
      Files.delete(root.resolve("store").resolve(TWO.baseName()));
      assertEquals(Optional.empty(), found(answers));
    }
  }

  /** The caller's own programs could write an answer with a checksum. */
  @ParameterizedTest
  @CsvSource({
    "1, 36, ONE, true",
    "1, 35, ONE, false",
    "1, -1, ONE, false",
    "1, 9223372036854775807, ONE, false",
    "1, 37, ONE, false",
    "2, 36, ONE, false",
    "-1, 36, ONE, false",
    "134217728, 36, ONE, false",
    "1, 1, ., false",
    "1, 2, .., false",
    "0, 0, '', true",
  })
  void takesOnlyAnAnswerOfItsForm(int paths, long length, String name, boolean taken)
      throws Exception {
    NixStore store = store();
    try (Directory base = Fixture.open(root);
        Directory real = Fixture.open(Path.of(store.real()))) {
      String text = name.replace("ONE", ONE.baseName());
      Status status = real.status(ByteString.of(text.isEmpty() ? "." : text));
      ByteBuffer words = ByteBuffer.allocate(paths == 0 ? 4 : 36).putInt(paths);
      if (paths != 0) {
        words.putLong(length).putLong(status.inode());
        words.putLong(status.changed().seconds()).putLong(status.changed().nanoseconds());
      }
      Answers answers = Answers.in(base);
      ByteString question =
          ByteString.of(store.real() + "\n/nix/store/" + DERIVATION.baseName() + "\n");
      answers.put("closure", question, ByteString.of(words.array()).plus(text));
      Set<StorePath> closure = paths == 0 ? Set.of() : Set.of(ONE);
      assertEquals(taken ? Optional.of(closure) : Optional.empty(), found(answers));
    }
  }
}
