package nixbuildshell.kernel;

import java.io.File;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;
import nixbuildshell.Failure;
import nixbuildshell.abi.Syscall;

/** Chooses the binding: FFM where the running Java has it and it was compiled, else JNA. */
public final class Kernels {
  /** A number that no system call has. */
  private static final long NO_CALL = -1;

  private Kernels() {}

  /**
   * Returns the binding to use.
   *
   * @param unpack makes a private directory where JNA may unpack its library. It is called only
   *     when JNA is needed, and the directory is removed at once
   * @throws Failure when neither binding works
   */
  public static Kernel best(Supplier<Optional<Path>> unpack) {
    return ffm().orElseGet(() -> jnaUnpackedIn(unpack.get()));
  }

  /**
   * Links FFM's handle in a thread of its own, beside what the caller does until its first system
   * call, which waits for it. Linking is the longest part of the start.
   */
  public static void prepare() {
    if (links()) {
      Thread thread = new Thread(Kernels::link, "linking");
      thread.setDaemon(true);
      thread.start();
    }
  }

  /** Decides whether there is a handle to link, for which a first system call waits. */
  public static boolean links() {
    return Runtime.version().feature() >= 22;
  }

  private static void link() {
    try {
      ffm().ifPresent(kernel -> kernel.syscall(NO_CALL));
    } catch (Failure | LinkageError e) {
      // The first call will say so.
    }
  }

  /**
   * Ends the process. With FFM, whose handle {@link #prepare} has linked, the kernel is asked at
   * once: the JVM's own end takes some 10 ms, and 300 more while a thread is in a system call.
   */
  public static void exit(int status) {
    try {
      Optional<Kernel> kernel = ffm();
      if (kernel.isPresent()) {
        new SystemCalls(kernel.get()).call(Syscall.EXIT_GROUP, status);
      }
    } catch (Failure e) {
      // The command line needed no system calls, or has reported this.
    }
    System.exit(status);
  }

  private static Kernel jnaUnpackedIn(Optional<Path> directory) {
    directory.ifPresent(path -> System.setProperty("jna.tmpdir", path.toString()));
    try {
      return jna();
    } finally {
      directory.map(Path::toFile).ifPresent(File::delete);
    }
  }

  /** Returns the name of {@link #best}, "FFM" or "JNA", without linking anything. */
  public static String bestName() {
    boolean compiled = Kernels.class.getResource("FfmKernel.class") != null;
    return links() && compiled ? "FFM" : "JNA";
  }

  /** Returns the FFM binding; empty before Java 22 and in a build without a JDK 22. */
  static Optional<Kernel> ffm() {
    if (!links()) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          (Kernel)
              Class.forName("nixbuildshell.kernel.FfmKernel")
                  .getDeclaredConstructor()
                  .newInstance());
    } catch (ClassNotFoundException e) {
      return Optional.empty();
    } catch (ReflectiveOperationException | LinkageError e) {
      throw e.getCause() instanceof Failure reason
          ? reason
          : new Failure("cannot use the Foreign Function & Memory API", e.toString(), "", e);
    }
  }

  /** Returns the JNA binding. */
  static Kernel jna() {
    try {
      return new JnaKernel();
    } catch (LinkageError e) {
      throw new Failure(
          "cannot load JNA's native library",
          String.valueOf(e.getMessage()).lines().findFirst().orElse("no reason given"),
          "check that "
              + System.getProperty("jna.tmpdir", "the temporary directory")
              + " is writable and not mounted noexec, or use Java 22 or later",
          e);
    }
  }
}
