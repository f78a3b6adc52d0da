package nixbuildshell.store;

import static nixbuildshell.files.Fixture.FILES;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
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
        .find(DERIVATION, List.of())
        .map(RememberedClosuresTest::paths);
  }

  private static Set<StorePath> paths(List<StoreEntries.Entry> entries) {
    return entries.stream().map(StoreEntries.Entry::path).collect(Collectors.toSet());
  }

  @Test
  void findsWhatWasPutWhileEachPathIsTheSame() throws Exception {
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
    "1, 36, 0, ONE, true",
    "1, 36, 2, ONE, true",
    "1, 36, 3, ONE, false",
    "1, 36, -1, ONE, false",
    "1, 35, 0, ONE, false",
    "1, -1, 0, ONE, false",
    "1, 9223372036854775807, 0, ONE, false",
    "1, 37, 0, ONE, false",
    "2, 36, 0, ONE, false",
    "-1, 36, 0, ONE, false",
    "9223372036854775807, 36, 0, ONE, false",
    "1, 1, 0, ., false",
    "1, 2, 0, .., false",
    "1, 36, 0, 00000000000000000000000000000000-/.., false",
    "1, 39, 0, 00000000000000000000000000000000-abc/.., false",
    "1, 40, 0, 00000000000000000000000000000000-abc/../, false",
    "1, 36, 0, 00000000000000000000000000000000-a!b, false",
    "1, 41, 0, 00000000000000000000000000000000-a!bcdefg, false",
    "1, 33, 0, 00000000000000000000000000000000-, false",
    "0, 0, 0, '', true",
  })
  void takesOnlyAnAnswerOfItsForm(long paths, long length, long type, String name, boolean taken)
      throws Exception {
    NixStore store = store();
    for (String end : List.of("-", "-abc", "-a\nb", "-a\nbcdefg")) {
      Files.createDirectory(Path.of(store.real(), "0".repeat(32) + end));
    }
    try (Directory base = Fixture.open(root);
        Directory real = Fixture.open(Path.of(store.real()))) {
      String text = name.replace("ONE", ONE.baseName()).replace('!', '\n');
      Status status = real.status(ByteString.of(text.isEmpty() ? "." : text));
      ByteBuffer words = ByteBuffer.allocate(8 * (paths == 0 ? 5 : 11));
      words.putLong(0).putLong(0).putLong(0).putLong(0).putLong(paths);
      if (paths != 0) {
        words.putLong(length).putLong(type).putLong(0).putLong(status.inode());
        words.putLong(status.changed().seconds()).putLong(status.changed().nanoseconds());
      }
      Answers answers = Answers.in(base);
      answers.put("closure", question(store), ByteString.of(words.array()).plus(text));
      Set<StorePath> closure = paths == 0 ? Set.of() : Set.of(ONE);
      assertEquals(taken ? Optional.of(closure) : Optional.empty(), found(answers));
    }
  }

  private static ByteString question(NixStore store) {
    return ByteString.of(store.real() + "\n/nix/store/" + DERIVATION.baseName() + "\n");
  }

  /** It shows by an answer that has another inode than the path. */
  @Test
  void looksAtNoPathWhileTheStoreIsTheSame() throws Exception {
    NixStore store = store();
    try (Directory base = Fixture.open(root)) {
      Answers answers = Answers.in(base);
      rememberAnother(answers, store);
      assertTrue(isFound(answers, store));
      Files.createFile(root.resolve("store/new"));
      assertFalse(isFound(answers, store));
    }
  }

  /** Remembers {@link #ONE} with the inode of {@link #TWO}, and all else as it is. */
  private void rememberAnother(Answers answers, NixStore store) throws Exception {
    try (Directory real = Fixture.open(Path.of(store.real()))) {
      ByteBuffer words = ByteBuffer.allocate(8 * 11);
      Status directory = real.self().status();
      words.putLong(directory.device());
      same(words, directory);
      words.putLong(1).putLong(ONE.baseName().length()).putLong(0).putLong(0);
      same(words, real.status(ByteString.of(TWO.baseName())));
      answers.put("closure", question(store), ByteString.of(words.array()).plus(ONE.baseName()));
    }
  }

  private static void same(ByteBuffer words, Status status) {
    words.putLong(status.inode()).putLong(status.changed().seconds());
    words.putLong(status.changed().nanoseconds());
  }

  private static boolean isFound(Answers answers, NixStore store) {
    return new RememberedClosures(new StoreEntries(FILES, store), answers)
        .find(DERIVATION, List.of())
        .isPresent();
  }

  /** A change within one tick of the clock leaves no later time. */
  @Test
  void looksAtEachPathWhileTheStoreHasJustChanged() throws Exception {
    NixStore store = store();
    try (Directory base = Fixture.open(root)) {
      Answers answers = Answers.in(base);
      new RememberedClosures(new StoreEntries(FILES, store), answers)
          .put(DERIVATION, List.of(), Set.of(ONE));
      long[] words = new long[5];
      ByteBuffer.wrap(answers.get("closure", question(store)).orElseThrow().bytes())
          .asLongBuffer()
          .get(words);
      assertEquals(-1, words[0]);
    }
  }
}
