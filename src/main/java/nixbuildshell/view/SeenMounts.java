package nixbuildshell.view;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import nixbuildshell.ByteString;
import nixbuildshell.Malformed;
import nixbuildshell.capture.BuildShell;
import nixbuildshell.capture.FailedBuild;
import nixbuildshell.capture.Manifest;
import nixbuildshell.capture.MountTable;
import nixbuildshell.capture.Shell;
import nixbuildshell.sandbox.StoreView;
import nixbuildshell.store.NixStore;
import nixbuildshell.store.StoreDirectory;
import nixbuildshell.store.StorePath;

/**
 * Reads the mounts that the build had from its manifest. An attacker can have written that: it is
 * good for a choice among what may be shown anyway, and for messages.
 *
 * @param extra the mount points that not every sandbox has, each once
 */
public record SeenMounts(List<Manifest.Mount> mounts, List<ByteString> extra) {
  private static final Path MOUNTINFO = Path.of("/proc/self/mountinfo");

  private static final Set<String> OF_EVERY_SANDBOX =
      Set.of(
          ("/ /build /dev /dev/console /dev/full /dev/kvm /dev/null /dev/ptmx /dev/pts /dev/random"
                  + " /dev/shm /dev/tty /dev/urandom /dev/zero /etc/group /etc/hosts"
                  + " /etc/nsswitch.conf /etc/passwd /etc/resolv.conf /etc/services"
                  + " /etc/ssl/certs/ca-certificates.crt /proc /sys /tmp")
              .split(" "));

  /** Returns the mounts of a build in a sandbox; empty when they are not known. */
  public static Optional<SeenMounts> of(FailedBuild build, StoreDirectory store) {
    return build
        .manifest()
        .map(Manifest::sandbox)
        .filter(sandbox -> sandbox.used().orElse(true) && !sandbox.mounts().isEmpty())
        .map(sandbox -> new SeenMounts(sandbox.mounts(), extra(sandbox, store)));
  }

  private static List<ByteString> extra(Manifest.Sandbox sandbox, StoreDirectory store) {
    return sandbox.mounts().stream()
        .flatMap(mount -> mount.mountPoint().stream())
        .filter(point -> !sandbox.buildTop().equals(Optional.of(point)) && !store.has(point))
        .filter(point -> !OF_EVERY_SANDBOX.contains(point.latin1()))
        .filter(point -> !point.startsWith("/proc/") && !point.startsWith("/sys/"))
        .distinct()
        .toList();
  }

  /** Returns the program that was mounted at {@code /bin/sh}, when the view of the store has it. */
  public Optional<ByteString> shell(StoreView store, NixStore nix) {
    BuildShell shells = new BuildShell(nix);
    MountTable host = hostTable();
    return mounts.stream()
        .filter(mount -> mount.mountPoint().filter(Shell.SYSTEM::equals).isPresent())
        .flatMap(mount -> host.paths(mount).stream())
        .map(nix::logical)
        .filter(path -> shows(store, nix.directory(), path) && shells.isProgram(path))
        .findFirst();
  }

  private static boolean shows(StoreView store, StoreDirectory directory, ByteString path) {
    try {
      StorePath in = directory.containing(path);
      return store instanceof StoreView.Exact exact && exact.shows(in);
    } catch (Malformed e) {
      return false;
    }
  }

  private static MountTable hostTable() {
    try {
      return MountTable.parse(ByteString.of(Files.readAllBytes(MOUNTINFO)));
    } catch (IOException e) {
      return new MountTable(List.of());
    }
  }
}
