package nixbuildshell.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.capture.FailedBuild;
import nixbuildshell.capture.Known;
import nixbuildshell.capture.Malformed;
import nixbuildshell.capture.Shell;
import nixbuildshell.capture.StorePath;
import nixbuildshell.linux.FileSystem;
import nixbuildshell.linux.FileType;
import nixbuildshell.nix.Configuration;
import nixbuildshell.nix.NixProgram;
import nixbuildshell.sandbox.HostPath;
import nixbuildshell.sandbox.SandboxPath;

/**
 * The paths of the host that the sandbox shows: those that the caller names, and those of Nix's own
 * configuration that the build had. What a kept directory says opens none.
 */
final class SandboxPaths {
  private static final ByteString BIN_SH = Shell.SYSTEM;

  private static final int MOST_NAMED = 20;

  private final FileSystem files;
  private final List<SandboxPath> named;
  private final BooleanSupplier cancelled;
  private final Messages messages;
  private FutureTask<List<SandboxPath>> question;

  /**
   * @param named {@code --sandbox-path}
   * @param cancelled whether to stop waiting for Nix; then a {@link CancellationException} is
   *     thrown
   * @throws Failure when one cannot be shown
   */
  SandboxPaths(
      FileSystem files, List<ByteString> named, BooleanSupplier cancelled, Messages messages) {
    this.files = files;
    this.cancelled = cancelled;
    this.named = named.stream().map(SandboxPath::parse).toList();
    this.messages = messages;
    for (SandboxPath path : this.named) {
      path.problem().ifPresent(why -> refuse(path, why));
      if (!path.optional() && host(path).isEmpty()) {
        throw new Failure("cannot use --sandbox-path " + path, path.source() + " is not there", "");
      }
    }
  }

  private static void refuse(SandboxPath path, String why) {
    throw new Failure(
        "cannot use --sandbox-path " + path, why, "show it elsewhere with TARGET=PATH");
  }

  /** Asks Nix for its setting, and meanwhile comes back. */
  void ask() {
    if (question == null) {
      question = new FutureTask<>(this::configured);
      Thread thread = new Thread(question, "Nix's settings");
      thread.setDaemon(true);
      thread.start();
    }
  }

  private List<SandboxPath> answer() {
    ask();
    try {
      return question.get();
    } catch (InterruptedException | ExecutionException e) {
      if (e.getCause() instanceof CancellationException stop) {
        throw stop;
      }
      throw new IllegalStateException(e);
    }
  }

  /** Nix's setting; what nix.conf alone says, where there is no {@code nix} to ask. */
  private List<SandboxPath> configured() {
    return settings().words("sandbox-paths", "extra-sandbox-paths").stream()
        .map(SandboxPath::parse)
        .toList();
  }

  private Configuration settings() {
    boolean root = files.userId() == 0;
    Optional<NixProgram> nix = NixProgram.find("nix", root, cancelled);
    try {
      if (nix.isPresent()) {
        Configuration asked = Configuration.ask(nix.get());
        return root ? asked.plus(ProcessBytes.environment("NIX_CONFIG")) : asked;
      }
    } catch (NixProgram.Unanswered e) {
      // An old Nix without that command has no other defaults either.
    }
    return NixSettings.ofCaller();
  }

  /** The store paths that the sources lie in, the caller's and the configuration's. */
  List<StorePath> inStore() {
    List<SandboxPath> all = new ArrayList<>(named);
    all.addAll(answer());
    List<StorePath> found = new ArrayList<>();
    for (SandboxPath path : all) {
      try {
        found.add(StorePath.containing(path.source()));
      } catch (Malformed e) {
        // It lies elsewhere.
      }
    }
    return found;
  }

  /**
   * What is to be shown. Where a manifest tells which mounts the build had, the configuration's
   * paths count as far as they are among them, and what is left of them is said.
   */
  List<HostPath> shownTo(FailedBuild build, boolean shellIsKnown) {
    Map<ByteString, HostPath> shown = new LinkedHashMap<>();
    Optional<SeenMounts> seen = SeenMounts.of(build);
    // Where it is the builder, the configuration gives it; else the build's own shell is there.
    boolean system = build.shell().map(Known::value).filter(Shell.SYSTEM::equals).isPresent();
    boolean wanted = seen.isEmpty() ? question != null || system : !seen.get().extra().isEmpty();
    List<String> unshown = new ArrayList<>();
    for (SandboxPath path : wanted ? answer() : List.<SandboxPath>of()) {
      boolean had =
          seen.map(mounts -> mounts.extra().contains(path.target()))
              .orElse(system || !path.target().equals(BIN_SH));
      if (had && !(shellIsKnown && path.target().equals(BIN_SH))) {
        host(path)
            .ifPresentOrElse(
                there -> shown.put(there.target(), there),
                () -> why(path).ifPresent(why -> unshown.add(path + " (" + why + ")")));
      }
    }
    if (seen.isEmpty() && !unshown.isEmpty()) {
      messages.note("not shown of Nix's sandbox-paths: " + String.join(" ", unshown));
    }
    named.forEach(path -> host(path).ifPresent(there -> shown.put(there.target(), there)));
    shown.values().forEach(path -> requirePoint(path, shown));
    seen.ifPresent(mounts -> tell(mounts, shown.keySet(), shellIsKnown));
    return List.copyOf(shown.values());
  }

  /** What a session had before and still is there, and what the caller names now. */
  List<HostPath> again(List<HostPath> before) {
    Map<ByteString, HostPath> shown = new LinkedHashMap<>();
    for (HostPath path : before) {
      host(new SandboxPath(path.target(), path.source(), true))
          .ifPresentOrElse(
              there -> shown.put(there.target(), there),
              () -> messages.note(path.source() + " is gone, and not shown"));
    }
    named.forEach(path -> host(path).ifPresent(there -> shown.put(there.target(), there)));
    shown.values().forEach(path -> requirePoint(path, shown));
    return List.copyOf(shown.values());
  }

  private void tell(SeenMounts mounts, Set<ByteString> shown, boolean shellIsKnown) {
    List<ByteString> closed =
        mounts.extra().stream()
            .filter(path -> !shown.contains(path))
            .filter(path -> !(shellIsKnown && path.equals(BIN_SH)))
            .toList();
    if (!closed.isEmpty()) {
      List<ByteString> first = closed.subList(0, Math.min(MOST_NAMED, closed.size()));
      messages.note(
          "the build also had "
              + (closed.size() == 1 ? "a path" : closed.size() + " paths")
              + " of its host, not shown now: "
              + first.stream().map(path -> path.abridged(200)).collect(Collectors.joining(" "))
              + "; to show: "
              + first.stream()
                  .map(path -> "--sandbox-path " + mounts.option(path).abridged(200))
                  .collect(Collectors.joining(" ")));
    }
  }

  /** Why {@link #host} has nothing; empty when the setting allows that. */
  private static Optional<String> why(SandboxPath path) {
    return path.problem()
        .or(
            () ->
                path.optional() ? Optional.empty() : Optional.of(path.source() + " is not there"));
  }

  /**
   * Requires that a path within another one that is shown has a file or directory there to be
   * mounted on: in what is the host's, none is made.
   */
  private void requirePoint(HostPath path, Map<ByteString, HostPath> shown) {
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

  /** A path as it is on this host; empty when it is not there or cannot be in the sandbox. */
  private Optional<HostPath> host(SandboxPath path) {
    if (path.problem().isPresent()) {
      return Optional.empty();
    }
    return files
        .typeAt(path.source())
        .map(type -> new HostPath(path.target(), path.source(), type == FileType.DIRECTORY));
  }
}
