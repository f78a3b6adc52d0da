package nixbuildshell.enter;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.files.Directory;
import nixbuildshell.files.Fixture;
import nixbuildshell.files.Status;
import nixbuildshell.session.Remembered;
import nixbuildshell.session.Sample;
import nixbuildshell.session.SessionFiles;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SourceTreeTest {
  private static final Status.Time TIME = new Status.Time(0, 0);

  @TempDir Path build;

  /** The first column has the directories, the last the tree; without it, none is known. */
  @ParameterizedTest
  @CsvSource({
    "one, '', /build, one",
    "one two, '', /build, ",
    "one two, '', /build/two/build, two",
    "one two, '', /buildings/two, ",
    "one two, two, /build/one, two",
    "one two, two/below/, /build/two, two/below",
    "one two, /build/two/./below, /build, two/below",
    "one, ., /build, ''",
    "one, ./, /build/one, ''",
    "one, /build, /build, ''",
    "one, ./one, /build, one",
    "one two, gone, /build/one, one",
    "one, ../../etc, /build, one",
    "one two, /etc, /build, ",
    "one two, one/../.., /build/../.., ",
  })
  void isWherePatchPhaseBegins(String directories, String root, String pwd, String expected)
      throws Exception {
    for (String name : directories.split(" ")) {
      Files.createDirectories(build.resolve(name + "/below"));
    }
    String variables = "declare -x PWD=\"" + pwd + "\"\ndeclare -x sourceRoot=\"" + root + "\"\n";
    Files.writeString(build.resolve("env-vars"), variables);
    Remembered remembered =
        Sample.remembered(
            Remembered.Kind.INTERACTIVE, ByteString.of("/tmp/x"), ByteString.of("hello"));
    try (Directory directory = Fixture.open(build)) {
      assertEquals(
          Optional.ofNullable(expected).map(ByteString::new),
          SourceTree.of(new SessionFiles(remembered, directory, TIME, TIME), directory));
    }
  }
}
