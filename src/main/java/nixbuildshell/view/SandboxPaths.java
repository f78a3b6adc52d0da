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
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.FileType;
import nixbuildshell.sandbox.Generation;
import nixbuildshell.sandbox.HostPath;
import nixbuildshell.sandbox.SandboxPath;
import nixbuildshell.store.StoreDirectory;
import nixbuildshell.store.StorePath;

/**
 * The paths of the host that the sandbox shows: those that the caller names, and those of Nix's own
 * configuration that the build had. What a kept directory says opens none.
 */
public final class SandboxPaths {
  private static final ByteString BIN_SH = Shell.SYSTEM;

  private static final int MOST_NAMED = 20;

  private static final int LONGEST_NAMED = 300;

  private final FileSystem files;
  private final StoreDirectory store;
  private final List<SandboxPath> named;
  private final ConfiguredPaths configured;
  private final Messages messages;

  /**
   * @param named {@code --sandbox-path}
   * @throws Failure when one cannot be shown
   */
  public SandboxPaths(
      FileSystem files,
      StoreDirectory store,
      List<ByteString> named,
      ConfiguredPaths configured,
      Messages messages) {
    this.files = files;
    this.store = store;
    this.configured = configured;
    this.named = named.stream().map(SandboxPath::parse).toList();
    this.messages = messages;
    for (SandboxPath path : this.named) {
      path.problem(store).ifPresent(why -> refuse(path, why));
      if (!path.optional() && host(path).isEmpty()) {
        throw new Failure("cannot use --sandbox-path " + path, path.source() + " is not there", "");
      }
    }
  }

  private static void refuse(SandboxPath path, String why) {
    throw new Failure(
        "cannot use --sandbox-path " + path, why, "show it elsewhere with TARGET=PATH");
  }

  /** Asks Nix for its settings, and meanwhile comes back. */
  void ask() {
    configured.ask();
  }

  /** The store paths that the sources lie in, the caller's and the configuration's. */
  List<StorePath> inStore() {
    List<SandboxPath> all = new ArrayList<>(named);
    all.addAll(configured.ofEveryBuild());
    List<StorePath> found = new ArrayList<>();
    for (SandboxPath path : all) {
      try {
        found.add(store.containing(path.source()));
      } catch (Malformed e) {
        // It lies elsewhere.
      }
    }
    return found;
  }

  /**
   * Returns what is to be shown. Where a manifest tells which mounts the build had, the
   * configuration's paths count as far as they are among them; a message names the others.
   */
  public List<HostPath> shownTo(FailedBuild build, Generation nix, boolean shellIsKnown) {
    Optional<Set<ByteString>> had =
        SeenMounts.of(build, store).map(mounts -> new LinkedHashSet<>(mounts.extra()));
    if (shellIsKnown) {
      had.ifPresent(points -> points.remove(BIN_SH));
    }
    Map<ByteString, HostPath> shown = new LinkedHashMap<>();
    List<String> unshown = new ArrayList<>();
    for (SandboxPath path : fromSettings(build, nix, had)) {
      asBy(nix, path)
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
      FailedBuild build, Generation nix, Optional<Set<ByteString>> had) {
    // Where it is the builder, the configuration gives it; else the build's own shell is there.
    boolean system = build.run().shell().map(Fact::value).filter(Shell.SYSTEM::equals).isPresent();
    if (!had.map(points -> !points.isEmpty()).orElse(configured.isAsked() || system)) {
      return List.of();
    }
    return configured.ofEveryBuild().stream()
        .filter(
            path ->
                had.map(known -> known.contains(path.target()) || copied(nix, path).isPresent())
                    .orElse(system || !path.target().equals(BIN_SH)))
        .toList();
  }

  /** What a session had before and still is there, and what the caller names now. */
  public List<HostPath> again(List<HostPath> before) {
    Map<ByteString, HostPath> shown = new LinkedHashMap<>();
    for (HostPath path : before) {
      Optional.of(path)
          .filter(it -> it.link().isPresent())
          .or(() -> host(new SandboxPath(path.target(), path.source(), true)))
          .ifPresentOrElse(
              there -> shown.put(there.target(), there),
              () -> messages.note(path.source() + " is gone, and not shown"));
    }
    return withNamed(shown);
  }

  /** Puts what the caller names in the place of, or beside, what is shown without that. */
  private List<HostPath> withNamed(Map<ByteString, HostPath> shown) {
    named.forEach(path -> host(path).ifPresent(there -> shown.put(there.target(), there)));
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
                  .map(path -> path.abridged(LONGEST_NAMED))
                  .collect(Collectors.joining(" "))
              + "; to show one: --sandbox-path TARGET=PATH");
    }
  }

  /** Why {@link #host} has nothing; empty when the setting allows that. */
  private Optional<String> why(SandboxPath path) {
    return path.problem(store)
        .or(
            () ->
                path.optional() ? Optional.empty() : Optional.of(path.source() + " is not there"));
  }

  /**
   * Requires that a path within another one that is shown has a file or directory there to be
   * mounted on: in what is the host's, none is made.
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
   * A path as Nix shows it. It has always followed links; with directories of the newer layout it
   * copies a link instead ({@code doBind} in linux-derivation-builder.cc).
   */
  private Optional<HostPath> asBy(Generation nix, SandboxPath path) {
    return copied(nix, path).or(() -> host(path));
  }

  /** The path as a link; empty when it is none, or is followed. */
  private Optional<HostPath> copied(Generation nix, SandboxPath path) {
    if (nix != Generation.NESTED || path.problem(store).isPresent()) {
      return Optional.empty();
    }
    return files
        .linkAt(path.source())
        .map(link -> new HostPath(path.target(), path.source(), false, Optional.of(link)));
  }

  /** A path as it is on this host; empty when it is not there or cannot be in the sandbox. */
  private Optional<HostPath> host(SandboxPath path) {
    if (path.problem(store).isPresent()) {
      return Optional.empty();
    }
    return files
        .typeAt(path.source())
        .map(type -> new HostPath(path.target(), path.source(), type == FileType.DIRECTORY));
  }
}
