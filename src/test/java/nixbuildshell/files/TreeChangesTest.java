package nixbuildshell.files;

import static nixbuildshell.files.Fixture.name;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TreeChangesTest {
  @TempDir Path root;

  private String changes(String edits) throws Exception {
    String make =
        "mkdir -p before/d/e before/own; echo a >before/a; echo b >before/d/b; echo c"
            + " >before/d/e/c; echo x >before/own/x; ln -s a before/l; touch mark; sleep 0.02; cp"
            + " -R before after; sleep 0.02; touch staged; sleep 0.02; ";
    Fixture.run("sh", "-euc", "cd " + root + "; " + make + edits);
    try (Directory here = Fixture.open(root);
        Directory before = here.openDirectory(name("before"));
        Directory after = here.openDirectory(name("after"))) {
      Changes since =
          new Changes(
              here.status(name("mark")).changed(),
              here.status(name("staged")).changed(),
              () -> false);
      List<TreeChanges.Change> found =
          new TreeChanges(before, after, since, Set.of(name("own"))).list();
      StringBuilder text = new StringBuilder();
      for (TreeChanges.Change each : found) {
        text.append(each.before().isPresent() ? each.after().isPresent() ? "~" : "-" : "+");
        text.append(each.path()).append(' ');
      }
      return text.toString().strip();
    }
  }

  @Test
  void nothing() throws Exception {
    assertEquals("", changes("cat after/a >/dev/null"));
  }

  @Test
  void gone() throws Exception {
    assertEquals(
        "-d/b -d/e/c +d/new",
        changes("rm -r after/d/e after/d/b after/own/x; echo n >after/d/new"));
  }

  /** To rename a directory changes none of its files. */
  @Test
  void renamed() throws Exception {
    assertEquals("-d/b -d/e/c +f/b +f/e/c +new", changes("mv after/d after/f; touch after/new"));
  }

  @Test
  void eachByItsPath() throws Exception {
    assertEquals(
        "~a -d/b +d/f/g ~l",
        changes(
            "echo z >after/a; mv after/d/b after/own/; mkdir after/d/f; echo n >after/d/f/g;"
                + " ln -sf b after/l"));
  }

  /** A link leads nowhere, also where a directory was. */
  @Test
  void linksAreNotFollowed() throws Exception {
    assertEquals("~d", changes("rm -r after/d; ln -s / after/d"));
  }
}
