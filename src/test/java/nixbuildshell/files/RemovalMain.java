package nixbuildshell.files;

import java.util.Optional;
import nixbuildshell.ByteString;

/** Removes a tree in its own process: {@code RemovalMain PARENT NAME}. */
final class RemovalMain {
  private RemovalMain() {}

  public static void main(String[] args) throws Exception {
    try (Directory parent = Fixture.FILES.openDirectory(ByteString.of(args[0]))) {
      Optional<TreeRemoval.Leftover> left = TreeRemoval.remove(parent, ByteString.of(args[1]));
      System.out.println(left.map(l -> "left " + l.path() + ": " + l.why()).orElse("removed"));
    }
  }
}
