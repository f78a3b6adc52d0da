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
import nixbuildshell.files.EntryList;
import nixbuildshell.files.FileType;
import nixbuildshell.files.Fixture;
import nixbuildshell.files.Listing;
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

  private static Set<StorePath> paths(ShownPaths shown) {
    assertEquals(Set.of(FILES.userId()), shown.owners());
    return shown.entries().names().stream()
        .map(name -> new StorePath(name.latin1()))
        .collect(Collectors.toSet());
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
    "1, 1, ONE, true",
    "2, 1, ONE, false",
    "0, 1, ONE, false",
    "-1, 1, ONE, false",
    "9223372036854775807, 1, ONE, false",
    "1, 1, short, false",
    "1, 0, '', false",
    "0, 0, '', true",
  })
  void takesOnlyAnAnswerOfItsForm(long count, int words, String name, boolean taken)
      throws Exception {
    NixStore store = store();
    Files.createDirectory(Path.of(store.real(), "short"));
    try (Directory base = Fixture.open(root);
        Directory real = Fixture.open(Path.of(store.real()))) {
      String text = name.replace("ONE", ONE.baseName());
      List<Listing.Entry> entries =
          text.isEmpty()
              ? List.of()
              : List.of(new Listing.Entry(ByteString.of(text), FileType.DIRECTORY));
      Status status = real.status(ByteString.of(text.isEmpty() ? "." : text));
      ByteBuffer answer = ByteBuffer.allocate(8 * (5 + 4 * words));
      answer.putLong(0).putLong(0).putLong(0).putLong(0).putLong(count);
      if (words > 0) {
        same(answer.putLong(status.uid()), status);
      }
      Answers answers = Answers.in(base);
      answers.put(
          "closure",
          question(store),
          ByteString.of(answer.array()).plus(ByteString.of(EntryList.of(entries).text())));
      assertEquals(taken, isFound(answers, store));
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
      ByteBuffer words = ByteBuffer.allocate(8 * 9);
      Status directory = real.self().status();
      words.putLong(directory.device());
      same(words, directory);
      words.putLong(1).putLong(0);
      same(words, real.status(ByteString.of(TWO.baseName())));
      answers.put(
          "closure",
          question(store),
          ByteString.of(words.array())
              .plus(ByteString.of(TestStore.list(FileType.DIRECTORY, ONE).text())));
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
