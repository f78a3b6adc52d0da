package nixbuildshell.enter;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.files.Directory;
import nixbuildshell.files.Fixture;
import nixbuildshell.files.TreeChanges;
import nixbuildshell.session.Remembered;
import nixbuildshell.session.Sample;
import nixbuildshell.session.SessionFiles;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EditsTest {
  /** Runs a script as a phase of the session. */
  private static final String PHASE =
      "phase() { sleep 0.02; start=$(date +%s.%N); eval \"$1\"; end=$(date +%s.%N); mkdir -p"
          + " ../.nix-build-shell; echo \"$start $end\" >>../.nix-build-shell/intervals;"
          + " sleep 0.02; }; ";

  @TempDir Path root;

  /** The script runs in the source tree, which has a, b and d/c. */
  @ParameterizedTest
  @CsvSource({
    "'echo 1 >a; echo 1 >new; rm b; echo 1 >../out', '', a b | new | | out",
    "'echo 1 >a; echo 1 >new; rm b', new, a b new | | | ",
    "'echo 1 >new; mkdir e; echo 1 >e/f; echo 1 >g', 'new e/', e/f new | g | | ",
    "'echo 1 >new', --all, new | | | ",
    // What a phase was the last to change is the phase's, also where the caller changed it before.
    "'echo 1 >a; phase \"echo 2 >a; echo 2 >new; rm b\"', '', | | a b new | ",
    "'phase \"echo 2 >a; echo 2 >b\"; echo 1 >a', '', a | | b | ",
    "'phase \"echo 2 >a; echo 2 >new\"', 'a', a | | new | ",
    // A program that copies times, as cp -p and tar do, leaves the ctime alone to tell.
    "'phase \"cp -p a x; touch -d @1 b\"', '', | | b x | ",
    "'cp -p a x; touch -d @1 b', '', b | x | | ",
    // To rename a directory changes none of its files.
    "'mv d e', '', d/c | e/c | | ",
    "'phase \"mv d e\"', '', | | d/c e/c | ",
  })
  void isSortedOut(String script, String wanted, String expected) throws Exception {
    String make =
        "mkdir -p session before/source/d; cd before/source; echo >a; echo >b; echo >d/c; cd ../..;"
            + " touch session/lock; sleep 0.02; cp -R before session/build; sleep 0.02;"
            + " touch session/staged; sleep 0.02; cd session/build/source; ";
    Fixture.run("sh", "-euc", "cd " + root + "; " + PHASE + make + script);
    Remembered remembered =
        Sample.remembered(
            Remembered.Kind.INTERACTIVE, ByteString.of("/tmp/x"), ByteString.of("hello"));
    try (Directory before = Fixture.open(root.resolve("before"));
        Directory session = Fixture.open(root.resolve("session"));
        Directory build = session.openDirectory(ByteString.of("build"))) {
      SessionFiles files =
          new SessionFiles(
              remembered,
              build,
              session.status(ByteString.of("lock")).changed(),
              session.status(ByteString.of("staged")).changed());
      Edits edits =
          Edits.of(
              new TreeChanges(before, build, files.changes(() -> false), SessionFiles.NO_SOURCES),
              files,
              ByteString.of("source"),
              new Edits.Wanted(
                  wanted.equals("--all"),
                  Stream.of(wanted.split(" ")).map(ByteString::of).toList()));
      assertEquals(
          expected.strip(),
          Stream.of(
                  paths(edits.wanted()),
                  paths(edits.added()),
                  paths(edits.machineMade()),
                  edits.outside())
              .map(list -> list.stream().map(ByteString::toString).collect(Collectors.joining(" ")))
              .collect(Collectors.joining(" | "))
              .replace("|  |", "| |")
              .replace("|  |", "| |")
              .strip());
    }
  }

  private static List<ByteString> paths(List<TreeChanges.Change> changes) {
    return changes.stream().map(TreeChanges.Change::path).toList();
  }
}
