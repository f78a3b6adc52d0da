package nixbuildshell.session;

import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Syscall;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileSystem;
import nixbuildshell.kernel.Kernels;
import nixbuildshell.kernel.NativeMemory;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.kernel.UnpackDirectory;

/**
 * Deletes what earlier runs gave up. The tool starts it as a process of its own, with the directory
 * of the sessions as its standard input, and does not wait for it.
 */
final class RemoverMain {
  private static final ByteString BASE = ByteString.of("/proc/self/fd/0/.");

  private RemoverMain() {}

  /** Deletes until nothing is left, or until it is killed: then the next run goes on. */
  public static void main(String[] none) throws ErrnoException {
    Kernels.prepare();
    SystemCalls calls =
        new SystemCalls(
            Kernels.best(() -> UnpackDirectory.make(Optional.of(BASE), name -> Optional.empty())));
    FileSystem files = new FileSystem(calls);
    try (Sessions sessions = Sessions.reopen(files, BASE);
        NativeMemory root = NativeMemory.holding(calls, new byte[] {'/', 0})) {
      calls.call(Syscall.CHDIR, root.address()); // No file system is busy with this process.
      sessions.removeGivenUp(() -> false);
    }
  }
}
