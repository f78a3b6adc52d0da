package nixbuildshell.enter;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.Malformed;
import nixbuildshell.capture.Shell;
import nixbuildshell.enter.Preparation.Prepared;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileContent;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.FileType;
import nixbuildshell.files.Listing;
import nixbuildshell.files.ProgramLoader;
import nixbuildshell.sandbox.OwnPaths;
import nixbuildshell.sandbox.StoreView;
import nixbuildshell.session.Session;
import nixbuildshell.store.StorePath;

/**
 * Looks from outside at the programs that the sandbox of a session has: in the build directory, in
 * {@code /tmp} and in the store. No link is followed.
 */
record SandboxPrograms(FileSystem files, Session session, Prepared sandbox) {
  private static final String TMP = "/tmp";
  private static final int MOST_DIRECTORIES = 100;

  /**
   * Returns what starts an executable file, when the sandbox has the file and is known to lack
   * that.
   *
   * @param path as seen from inside
   * @param directories where a relative path can begin
   */
  Optional<ProgramLoader> missing(ByteString path, List<String> directories) {
    return (path.startsWith("/") ? Stream.of("") : directories.stream())
        .map(directory -> normal(directory + "/" + path.latin1()))
        .flatMap(file -> at(file, ProgramLoader::of).flatMap(found -> found).stream())
        .findFirst()
        .filter(it -> it.path().startsWith("/") && isMissing(normal(it.path().latin1())));
  }

  /** Returns where a phase can have run: the build directory and the directories in it. */
  List<String> directories() {
    String top = sandbox.request().build().directory();
    List<String> all = new ArrayList<>(List.of(top));
    Listing listing = new Listing();
    try (Directory build = session.open("build")) {
      Optional<Listing.Entry> entry = listing.next(build);
      while (entry.isPresent() && all.size() < MOST_DIRECTORIES) {
        if (entry.get().type() == FileType.DIRECTORY) {
          all.add(top + "/" + entry.get().name().latin1());
        }
        entry = listing.next(build);
      }
    } catch (ErrnoException e) {
      return all; // What was not found is not told.
    }
    return all;
  }

  private boolean isMissing(String path) {
    ByteString bytes = new ByteString(path);
    if (sandbox.request().view().paths().stream()
        .map(shown -> shown.target().latin1())
        .anyMatch(shown -> path.equals(shown) || path.startsWith(shown + "/"))) {
      return false;
    } else if (sandbox.store().directory().has(bytes)) {
      return isMissingInStore(bytes);
    } else if (bytes.equals(Shell.SYSTEM)) {
      return sandbox.request().build().shell().isEmpty();
    }
    return at(path, (directory, rest) -> FileContent.below(directory, rest, 0))
        .map(FileContent.Missing.class::isInstance)
        .orElse(OwnPaths.top(path).isEmpty() || path.startsWith("/bin/"));
  }

  /** Decides so for a path in the store; what was made there is in the session. */
  private boolean isMissingInStore(ByteString path) {
    try {
      StorePath in = sandbox.store().directory().containing(path);
      return !files.has(isShown(in) ? real(path) : session.view().plus("/" + in.baseName()));
    } catch (Malformed e) {
      return false;
    }
  }

  private boolean isShown(StorePath path) {
    return !(sandbox.request().view().store() instanceof StoreView.Exact exact)
        || exact.shows(path);
  }

  private ByteString real(ByteString path) {
    int start = sandbox.store().directory().path().length();
    return ByteString.of(sandbox.store().real()).plus(path.latin1().substring(start));
  }

  /**
   * Looks into the directory of this host that has a path of the sandbox.
   *
   * @param look takes that directory and the names below it
   * @return empty when it is another part of the sandbox
   */
  private <T> Optional<T> at(String path, BiFunction<Directory, String, T> look) {
    String build = sandbox.request().build().directory();
    if (path.startsWith(build + "/")) {
      return at(session.path().plus("/build"), path.substring(build.length() + 1), look);
    } else if (path.startsWith(TMP + "/")) {
      return at(session.path().plus("/tmp"), path.substring(TMP.length() + 1), look);
    }
    String store = sandbox.store().directory().path();
    return path.startsWith(store + "/")
        ? at(ByteString.of(sandbox.store().real()), path.substring(store.length() + 1), look)
        : Optional.empty();
  }

  private <T> Optional<T> at(ByteString root, String names, BiFunction<Directory, String, T> look) {
    try (Directory directory = files.openDirectory(root)) {
      return Optional.of(look.apply(directory, names));
    } catch (ErrnoException e) {
      return Optional.empty();
    }
  }

  /** Returns an absolute path without empty names, {@code .} and {@code ..}. */
  private static String normal(String path) {
    Deque<String> names = new ArrayDeque<>();
    for (String name : path.split("/")) {
      if (name.equals("..")) {
        names.pollLast();
      } else if (!name.isEmpty() && !name.equals(".")) {
        names.addLast(name);
      }
    }
    return "/" + String.join("/", names);
  }
}
