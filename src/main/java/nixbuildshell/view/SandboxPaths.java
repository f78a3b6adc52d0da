package nixbuildshell.view;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.Malformed;
import nixbuildshell.capture.Fact;
import nixbuildshell.capture.FailedBuild;
import nixbuildshell.capture.Shell;
import nixbuildshell.console.Messages;
import nixbuildshell.console.ShellWord;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.FileType;
import nixbuildshell.nix.Caller;
import nixbuildshell.sandbox.BinSh;
import nixbuildshell.sandbox.Generation;
import nixbuildshell.sandbox.HostPath;
import nixbuildshell.sandbox.SandboxPath;
import nixbuildshell.store.StoreDirectory;
import nixbuildshell.store.StorePath;

/**
 * Decides which host paths the sandbox shows: those that the caller names, read-only, and those of
 * Nix's setting {@code sandbox-paths} that the build had. A kept directory only chooses among
 * these.
 */
public final class SandboxPaths {
  private static final int MOST_NAMED = 20;
  private static final int LONGEST_NAMED = 300;

  private final FileSystem files;
  private final StoreDirectory store;
  private final String directory;
  private final List<SandboxPath> named;
  private final List<StorePath> tools;
  private final AskedAhead ahead;
  private final Messages messages;

  /**
   * Whether the sandbox has the caller's rights, with which it could write where no build could.
   */
  private final boolean ordinary;

  /** Whether the sandbox needs Nix's setting. */
  private boolean asked;

  /**
   * Checks the paths that the caller names.
   *
   * @param directory the build directory, as seen from inside
   * @param named {@code --sandbox-path}
   * @param ahead what Nix is asked for
   * @throws Failure when one cannot be shown
   */
  public SandboxPaths(
      Caller caller,
      FileSystem files,
      StoreDirectory store,
      String directory,
      List<ByteString> named,
      AskedAhead ahead,
      Messages messages) {
    this.files = files;
    this.store = store;
    this.directory = directory;
    this.ahead = ahead;
    this.messages = messages;
    this.ordinary = !caller.isRoot();
    List<SandboxPath> paths = named.stream().map(SandboxPath::parse).toList();
    this.tools = paths.stream().filter(this::isTool).map(this::tool).toList();
    this.named = paths.stream().filter(path -> !isTool(path)).toList();
    for (SandboxPath path : this.named) {
      if (problem(path).isPresent()) {
        throw new Failure(
            "cannot use --sandbox-path " + path,
            problem(path).get(),
            "show it elsewhere with TARGET=PATH");
      } else if (!path.optional() && host(path, true).isEmpty()) {
        throw new Failure("cannot use --sandbox-path " + path, path.source() + " is not there", "");
      }
    }
  }

  /** Decides whether a path is meant to be where every store path is. */
  private boolean isTool(SandboxPath path) {
    return path.target().equals(path.source()) && path.target().startsWith(store.path() + "/");
  }

  private StorePath tool(SandboxPath path) {
    try {
      return store.containing(path.source());
    } catch (Malformed e) {
      throw new Failure("cannot use --sandbox-path " + path, e.getMessage(), "");
    }
  }

  /** Returns the store paths that the caller names, or that hold a path that the caller names. */
  List<StorePath> tools() {
    return tools;
  }

  private Optional<String> problem(SandboxPath path) {
    return path.problem(store, directory);
  }

  /**
   * Begins to ask Nix for its setting, and returns at once.
   *
   * @return whether it is known already
   */
  boolean ask() {
    asked = true;
    return ahead.setting().isKnown();
  }

  private List<SandboxPath> ofEveryBuild() {
    ask();
    return ahead.paths();
  }

  AskedAhead ahead() {
    return ahead;
  }

  /** Returns the store paths that hold a source, of the caller's and of Nix's setting. */
  List<StorePath> inStore() {
    List<SandboxPath> all = new ArrayList<>(named);
    all.addAll(ofEveryBuild());
    return AskedAhead.inStore(store, all);
  }

  /**
   * Returns what to show a new copy. Where a manifest tells which mounts the build had, it chooses
   * among the paths of Nix's setting; a message names the others.
   *
   * @param nix the layout of the Nix that ran the build
   * @param shellIsKnown whether the sandbox has a {@code /bin/sh} without a path for it
   * @param binSh what it has there otherwise
   */
  public List<HostPath> shownTo(
      FailedBuild build, Generation nix, boolean shellIsKnown, BinSh binSh) {
    Optional<Set<ByteString>> had =
        SeenMounts.of(build, store).map(mounts -> new LinkedHashSet<>(mounts.extra()));
    if (shellIsKnown) {
      had.ifPresent(points -> points.remove(Shell.SYSTEM));
    }
    Map<ByteString, HostPath> shown = new LinkedHashMap<>();
    List<String> unshown = new ArrayList<>();
    for (SandboxPath path : fromSettings(build, nix, had, binSh)) {
      copied(nix, path)
          .or(() -> host(path, ordinary))
          .ifPresentOrElse(
              there -> shown.put(there.target(), there),
              () -> why(path).ifPresent(why -> unshown.add(path + " (" + why + ")")));
    }
    if (had.isEmpty() && !unshown.isEmpty()) {
      messages.note("not shown of Nix's sandbox-paths: " + String.join(" ", unshown));
    }
    List<HostPath> all = withNamed(shown);
    had.ifPresent(points -> tellOthers(points, shown.keySet()));
    return all;
  }

  /**
   * Returns those of Nix's settings that the build had, as far as can be told.
   *
   * @param had the mount points that not every sandbox has; empty when they are unknown
   */
  private List<SandboxPath> fromSettings(
      FailedBuild build, Generation nix, Optional<Set<ByteString>> had, BinSh binSh) {
    // Where it is the builder, the configuration gives it, too.
    boolean system =
        binSh == BinSh.NIX
            || build.run().shell().map(Fact::value).filter(Shell.SYSTEM::equals).isPresent();
    if (!had.map(points -> !points.isEmpty()).orElse(asked || system)) {
      return List.of();
    }
    return ofEveryBuild().stream()
        .filter(path -> !isTool(path)) // It is shown with the closure of the inputs.
        .filter(
            path ->
                had.map(known -> known.contains(path.target()) || copied(nix, path).isPresent())
                    .orElse(system || !path.target().equals(Shell.SYSTEM)))
        .toList();
  }

  /** Returns what a session had before and the host still has, and what the caller names now. */
  public List<HostPath> again(List<HostPath> before) {
    Map<ByteString, HostPath> shown = new LinkedHashMap<>();
    for (HostPath path : before) {
      Optional.of(path)
          .filter(it -> it.link().isPresent())
          .or(
              () ->
                  host(
                      new SandboxPath(path.target(), path.source(), true),
                      path.readOnly() || ordinary))
          .ifPresentOrElse(
              there -> shown.put(there.target(), there),
              () -> messages.note(path.source() + " is gone, and not shown"));
    }
    return withNamed(shown);
  }

  /** Adds what the caller names, which takes the place of a path with the same target. */
  private List<HostPath> withNamed(Map<ByteString, HostPath> shown) {
    named.forEach(path -> host(path, true).ifPresent(there -> shown.put(there.target(), there)));
    shown.values().forEach(path -> requirePoint(path, shown));
    return List.copyOf(shown.values());
  }

  /** Names the mount points of the build that the sandbox lacks. */
  private void tellOthers(Set<ByteString> had, Set<ByteString> shown) {
    List<ByteString> others = had.stream().filter(point -> !shown.contains(point)).toList();
    if (!others.isEmpty()) {
      messages.note(
          "the build also had "
              + (others.size() == 1 ? "a path" : others.size() + " paths")
              + " of its host, not shown now: "
              + others.stream()
                  .limit(MOST_NAMED)
                  .map(SandboxPaths::quoted)
                  .collect(Collectors.joining(" "))
              + "; to show one: --sandbox-path TARGET=PATH");
    }
  }

  /** Returns a path of a manifest's, which may have spaces and look like options to paste. */
  private static String quoted(ByteString path) {
    String text = path.latin1();
    return text.length() <= LONGEST_NAMED
        ? ShellWord.quote(path)
        : ShellWord.quote(new ByteString(text.substring(0, LONGEST_NAMED))) + "...";
  }

  /** Returns why {@link #host} has nothing; empty when the setting allows that. */
  private Optional<String> why(SandboxPath path) {
    return problem(path)
        .or(
            () ->
                path.optional() ? Optional.empty() : Optional.of(path.source() + " is not there"));
  }

  /**
   * Requires a mount point for a path within another path that is shown: nothing is made in a
   * directory of the host.
   */
  private void requirePoint(HostPath path, Map<ByteString, HostPath> shown) {
    if (path.link().isPresent()) {
      return;
    }
    String target = path.target().latin1();
    for (int slash = target.lastIndexOf('/');
        slash > 0;
        slash = target.lastIndexOf('/', slash - 1)) {
      HostPath outer = shown.get(new ByteString(target.substring(0, slash)));
      if (outer != null) {
        ByteString point = outer.source().plus(new ByteString(target.substring(slash)));
        Optional<Boolean> directory = files.typeAt(point).map(FileType.DIRECTORY::equals);
        if (!directory.equals(Optional.of(path.directory()))) {
          throw new Failure(
              "cannot show " + path.source() + " at " + path.target(),
              outer.target()
                  + " is "
                  + outer.source()
                  + " of the host, which has no such "
                  + (path.directory() ? "directory" : "file")
                  + " to mount it on",
              "show it elsewhere: --sandbox-path TARGET=PATH");
        }
        return;
      }
    }
  }

  /**
   * Returns the path as a link; empty when it is none, or Nix follows it. Newer Nix, with its
   * nested layout, copies links ({@code doBind} in linux-derivation-builder.cc), and so does Lix.
   */
  private Optional<HostPath> copied(Generation nix, SandboxPath path) {
    if (nix == Generation.FLAT || problem(path).isPresent()) {
      return Optional.empty();
    }
    return files
        .linkAt(path.source())
        .map(link -> HostPath.link(path.target(), path.source(), link));
  }

  /**
   * Returns a path as the host has it; empty when it is missing or cannot be in a sandbox.
   *
   * @param readOnly whether it is shown read-only
   */
  private Optional<HostPath> host(SandboxPath path, boolean readOnly) {
    if (problem(path).isPresent()) {
      return Optional.empty();
    }
    return files
        .typeAt(path.source())
        .map(
            type ->
                new HostPath(path.target(), path.source(), type == FileType.DIRECTORY, readOnly));
  }
}
