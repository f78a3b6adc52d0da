package nixbuildshell.attach;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import nixbuildshell.ByteString;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileContent;
import nixbuildshell.files.FileSystem;
import nixbuildshell.store.NixStore;
import nixbuildshell.store.StorePath;

/**
 * Describes a build that is running in a sandbox of Nix's.
 *
 * @param pid the number of its builder, PID 1 of the sandbox
 * @param derivation the kernel tells it, by the root directory that Nix has mounted: {@code
 *     …/HASH-NAME.drv.chroot}. The build cannot change it
 * @param top the build directory, as seen from inside; the build says so
 * @param pause what the setup hook has left, with an ID that is made of the derivation's name; the
 *     build can have written anything else there
 */
public record RunningBuild(long pid, StorePath derivation, ByteString top, Optional<Pause> pause) {
  private static final String MANIFEST = ".nix-build-shell/manifest.json";
  private static final String PAUSED = "\"paused\":true";
  private static final int LARGEST_MANIFEST = 16 << 20;
  private static final String CHROOT = ".chroot";

  /** The end of the path of a build's root directory. */
  private static final Pattern ROOT = Pattern.compile("[^/]+\\.drv\\.chroot(/root)?$");

  /** The hook cuts the name in its ID there. */
  private static final int LONGEST_NAME = 73;

  /** A path of plain names: with "..", the build would choose what is read from outside. */
  private static final Pattern PLAIN = Pattern.compile("(/[A-Za-z0-9+_=-][A-Za-z0-9+._=-]*)+");

  private static final ByteString BUILD = ByteString.of("/build");

  /**
   * Finds the builds of this host.
   *
   * @param store that the builds are of
   * @param owners decides whether a user can be a build's
   */
  public static List<RunningBuild> all(FileSystem files, NixStore store, LongPredicate owners) {
    return ProcessFiles.all().stream()
        .flatMap(pid -> of(pid, files, store, owners).stream())
        .toList();
  }

  /** Returns the build whose PID 1 has this number; empty when it is none. */
  public static Optional<RunningBuild> of(
      long pid, FileSystem files, NixStore store, LongPredicate owners) {
    ProcessFiles process = new ProcessFiles(pid);
    List<String> numbers = process.status("NSpid");
    long uid = process.number("Uid");
    if (numbers.size() < 2
        || !numbers.get(numbers.size() - 1).equals("1")
        || uid <= 0
        || !owners.test(uid)
        || !roots(new ProcessFiles(process.number("PPid"))).isEmpty()) {
      return Optional.empty();
    }
    ByteString top = top(process);
    return roots(process).stream()
        .filter(root -> isRootOf(process, files, store.real() + "/" + root))
        .flatMap(root -> derivation(root).stream())
        .findFirst()
        .map(
            derivation ->
                new RunningBuild(
                    pid,
                    derivation,
                    top,
                    pause(process, top, files).filter(pause -> isOf(pause, derivation))));
  }

  /**
   * Reads {@code mountinfo}, whose fields 4 and 5 are the mounted directory and the place. Returns
   * the last names of what can be a build's root directory: recent versions of Nix add {@code
   * /root}. The parent of a first process that Nix has made has none; that of a namespace in a
   * build has.
   */
  private static List<String> roots(ProcessFiles process) {
    return process.text("mountinfo").stream()
        .flatMap(String::lines)
        .map(line -> line.split(" "))
        .filter(fields -> fields.length > 4 && fields[4].equals("/"))
        .map(fields -> ROOT.matcher(fields[3]))
        .filter(Matcher::find)
        .map(Matcher::group)
        .toList();
  }

  /**
   * Decides whether a process has this directory of the store as its root. A build that is root of
   * a range of users can mount any directory on its own root, with a name that looks like another
   * build's. A caller who may not look gets no further than to the name, either.
   */
  private static boolean isRootOf(ProcessFiles process, FileSystem files, String directory) {
    try (Directory root = files.openDirectory(ByteString.of("/proc/" + process.pid() + "/root"));
        Directory made = files.openDirectory(ByteString.of(directory))) {
      return root.self().status().same(made.self().status());
    } catch (ErrnoException e) {
      return e.denied();
    }
  }

  /** Returns the derivation of a build's root directory. Its own name may have ".chroot" in it. */
  static Optional<StorePath> derivation(String root) {
    return StorePath.find(root.substring(0, root.lastIndexOf(CHROOT)));
  }

  private static ByteString top(ProcessFiles process) {
    return Environment.of(process).stream()
        .filter(variable -> variable.startsWith("NIX_BUILD_TOP=/"))
        .map(variable -> variable.latin1().substring("NIX_BUILD_TOP=".length()))
        .filter(PLAIN.asMatchPredicate())
        .map(ByteString::new)
        .findFirst()
        .orElse(BUILD);
  }

  /** Asks the guard of a build that was entered, else the hook. */
  private static Optional<Pause> pause(ProcessFiles process, ByteString top, FileSystem files) {
    return GuardProcess.of(process.number("TracerPid"))
        .map(GuardProcess::pause)
        .orElseGet(() -> pause(process.pid(), top, files));
  }

  private static Optional<Pause> pause(long pid, ByteString top, FileSystem files) {
    return read(pid, top, files, ".nix-build-shell/pause", Pause.LARGEST)
            instanceof FileContent.Bytes bytes
        ? Pause.parse(ByteString.of(bytes.bytes()).latin1())
        : Optional.empty();
  }

  /** Decides whether a small file is below the build directory. */
  public boolean has(FileSystem files, String path) {
    return read(pid, top, files, path, Pause.LARGEST) instanceof FileContent.Bytes;
  }

  /**
   * Returns the hook's manifest with the word that the build was entered; empty where the build has
   * none that says that it is paused. The hook writes that last.
   */
  public Optional<Map.Entry<String, ByteString>> enteredManifest(FileSystem files) {
    FileContent content = read(pid, top, files, MANIFEST, LARGEST_MANIFEST);
    return content instanceof FileContent.Bytes bytes
        ? Optional.of(ByteString.of(bytes.bytes()).latin1().stripTrailing())
            .filter(text -> text.endsWith(PAUSED + "}"))
            .map(text -> text.substring(0, text.length() - 1) + ",\"entered\":true}\n")
            .map(text -> Map.entry(top.latin1() + "/" + MANIFEST, new ByteString(text)))
        : Optional.empty();
  }

  /** Reads a file below the build directory, through no link that the build could have made. */
  private static FileContent read(
      long pid, ByteString top, FileSystem files, String path, int limit) {
    try (Directory root = files.openDirectory(ByteString.of("/proc/" + pid + "/root"))) {
      return FileContent.inBuild(root, top.latin1().substring(1) + "/" + path, limit);
    } catch (ErrnoException | RuntimeException e) {
      return new FileContent.Missing();
    }
  }

  /** Returns the derivation's name without {@code .drv}. */
  public String name() {
    return name(derivation);
  }

  private static String name(StorePath derivation) {
    return derivation.name().substring(0, derivation.name().length() - ".drv".length());
  }

  /**
   * Decides whether a pause has an ID that is made of a derivation's name, as the hook makes it.
   */
  static boolean isOf(Pause pause, StorePath derivation) {
    String name = name(derivation).replaceAll("[^A-Za-z0-9+._-]", "-");
    String whole = name.matches("[A-Za-z0-9].*") ? name : "build" + name;
    return pause.id().startsWith(whole.substring(0, Math.min(LONGEST_NAME, whole.length())) + "-");
  }

  /** Returns the hook's ID if the build waits. */
  public Optional<String> id() {
    return pause.map(Pause::id);
  }

  /** Decides whether a process is in the build's PID namespace. */
  public boolean has(long process) {
    Optional<String> namespace = new ProcessFiles(process).link("ns/pid");
    return namespace.isPresent() && namespace.equals(new ProcessFiles(pid).link("ns/pid"));
  }

  /** Returns the user who runs it, as this host numbers users. */
  public long user() {
    return new ProcessFiles(pid).number("Uid");
  }

  /** Decides whether a guard has it stopped, since it was entered. */
  public boolean isHeld() {
    return new ProcessFiles(pid).number("TracerPid") > 0;
  }
}
