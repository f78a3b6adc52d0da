package nixbuildshell.files;

import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.kernel.Kernels;
import nixbuildshell.kernel.SystemCalls;

/** Copies in its own process: {@code CopyMain SOURCE TARGET [UID]}. Prints the result. */
final class CopyMain {
  private CopyMain() {}

  public static void main(String[] args) throws Exception {
    FileSystem files = new FileSystem(new SystemCalls(Kernels.best(Optional::empty)));
    try (Directory source = files.openDirectory(ByteString.of(args[0]));
        Directory target = files.openDirectory(ByteString.of(args[1]))) {
      long start = System.nanoTime();
      TreeCopy copy =
          new TreeCopy(
              args.length > 2
                  ? Optional.of(new Owner(Long.parseLong(args[2]), Long.parseLong(args[2])))
                  : Optional.empty(),
              (f, b) -> {},
              () -> false,
              "the remedy");
      TreeCopy.Result result = copy.contents(source, target);
      result.missed().forEach(m -> System.out.println("missed " + m.path() + ": " + m.why()));
      System.out.println("files " + result.files() + " bytes " + result.bytes());
      System.err.println((System.nanoTime() - start) / 1_000_000 + " ms");
    } catch (Failure e) {
      System.out.println("failure " + e.getMessage() + "; " + e.remedy());
    }
  }
}
