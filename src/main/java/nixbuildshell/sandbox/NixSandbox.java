package nixbuildshell.sandbox;

import static nixbuildshell.sandbox.Entry.FileSystemType.*;

import java.util.ArrayList;
import java.util.List;
import nixbuildshell.ByteString;
import nixbuildshell.sandbox.Entry.*;
import nixbuildshell.store.NixStore;

/**
 * Makes the sandbox that Nix gives a build on Linux. Its facts come from real builds and from Nix's
 * {@code LocalDerivationGoal::startBuilder} and {@code runChild} (local-derivation-goal.cc).
 */
public final class NixSandbox {
  private static final String PASSWD =
      """
      root:x:0:0:Nix build user:DIRECTORY:/noshell
      nixbld:x:UID:GID:Nix build user:DIRECTORY:/noshell
      nobody:x:65534:65534:Nobody:/:/noshell
      """;
  private static final String GROUP =
      """
      root:x:0:
      nixbld:!:GID:
      nogroup:x:65534:
      """;
  private static final String HOSTS =
      """
      127.0.0.1 localhost
      ::1 localhost
      """;
  private static final String NSSWITCH =
      """
      hosts: files dns
      services: files
      """;
  private static final List<String> DEVICES =
      List.of("full", "null", "random", "tty", "urandom", "zero");

  private NixSandbox() {}

  /** Returns the sandbox for one program. */
  public static SandboxSpec of(SandboxRequest request, Program program) {
    Identity identity = request.identity();
    SandboxRequest.Build build = request.build();
    SandboxRequest.View view = request.view();
    Network network = view.network().network();
    List<Entry> entries = new ArrayList<>();
    if (build.top().isEmpty()) {
      for (String directory : OwnPaths.parents(build.directory())) {
        entries.add(new Directory(directory, 0755));
      }
      entries.add(new BindDirectory(build.directory(), new InSession("build")));
    }
    entries.addAll(devices(request.machine().kvm()));
    entries.addAll(terminals());
    entries.addAll(etc(identity, build, view.network()));
    for (String directory : OwnPaths.parents(request.machine().store().directory().path())) {
      entries.add(new Directory(directory, 0755));
    }
    entries.add(store(view.store(), request.machine().store()));
    entries.add(new NewFileSystem("/proc", PROC, ""));
    if (identity.isRange() && network == Network.LOOPBACK) {
      // A user namespace cannot mount the sysfs of the host's network (EPERM).
      entries.add(new NewFileSystem("/sys", SYSFS, ""));
    }
    entries.add(new BindDirectory("/tmp", new InSession("tmp")));
    if (build.shell().isPresent()) {
      entries.add(new Directory("/bin", 0755));
      entries.add(new BindFile("/bin/sh", new Inside(build.shell().get()), false));
    }
    build.top().ifPresent(top -> addTop(entries, top));
    return new SandboxSpec(
        identity,
        "localhost",
        "(none)",
        network,
        request.machine().filtersCalls() ? CallFilter.of(build.generation()) : CallFilter.LEAST,
        Personality.of(build.system().latin1(), request.machine()),
        HostPath.add(entries, view.paths()),
        program);
  }

  private static void addTop(List<Entry> entries, BuildTop top) {
    List<String> made = entries.stream().map(Entry::path).toList();
    top.directories().stream().filter(place -> !made.contains(place.path())).forEach(entries::add);
    entries.add(new BindOver(top.path(), new InSession("build")));
  }

  private static List<Entry> devices(boolean kvm) {
    List<Entry> entries = new ArrayList<>();
    entries.add(new Directory("/dev", 0755));
    for (String device : DEVICES) {
      entries.add(new BindFile("/dev/" + device, new OnHost("/dev/" + device), false));
    }
    if (kvm) {
      entries.add(new BindFile("/dev/kvm", new OnHost("/dev/kvm"), false));
    }
    entries.add(new NewFileSystem("/dev/shm", TMPFS, "size=50%"));
    entries.add(new Link("/dev/fd", "/proc/self/fd"));
    entries.add(new Link("/dev/stdin", "/proc/self/fd/0"));
    entries.add(new Link("/dev/stdout", "/proc/self/fd/1"));
    entries.add(new Link("/dev/stderr", "/proc/self/fd/2"));
    return entries;
  }

  /**
   * Returns the sandbox's own pseudoterminals. {@code /dev/ptmx} is no link as in Nix but a device,
   * as the assignment has it. The kernel looks for a bound {@code /dev/ptmx} of the host's pts
   * directory beside it and fails with ENOENT, so {@code /dev/pts/ptmx} is bound.
   */
  private static List<Entry> terminals() {
    Source ptmx = new Inside(ByteString.of("/dev/pts/ptmx"));
    return List.of(
        new NewFileSystem("/dev/pts", DEVPTS, "newinstance,mode=0620"),
        new BindFile("/dev/ptmx", ptmx, false));
  }

  private static List<Entry> etc(Identity user, SandboxRequest.Build build, NetworkView network) {
    List<Entry> entries = new ArrayList<>();
    int mode = build.generation() == Generation.NESTED ? 0555 : 0755;
    entries.add(user.isRange() ? new Own("/etc") : new Directory("/etc", mode));
    // String.format loads the locale's numbers.
    String gid = Long.toString(user.gid());
    String passwd =
        PASSWD
            .replace("UID", Long.toString(user.uid()))
            .replace("GID", gid)
            .replace("DIRECTORY", build.directory());
    entries.add(new TextFile("/etc/passwd", 0644, passwd));
    entries.add(new TextFile("/etc/group", 0644, GROUP.replace("GID", gid)));
    if (network.network() == Network.LOOPBACK) {
      entries.add(new TextFile("/etc/hosts", 0644, HOSTS));
    } else {
      entries.add(new TextFile("/etc/nsswitch.conf", 0644, NSSWITCH));
      network.files().forEach(file -> entries.addAll(hostFile(file)));
    }
    return entries;
  }

  private static List<Entry> hostFile(HostFile file) {
    Entry bind = new BindFile(file.path(), new OnHost(file.source()), true);
    return file.path().equals(HostFile.CERTIFICATES)
        ? List.of(new Directory("/etc/ssl", 0755), new Directory("/etc/ssl/certs", 0755), bind)
        : List.of(bind);
  }

  private static Entry store(StoreView view, NixStore nix) {
    String path = nix.directory().path();
    return view instanceof StoreView.Exact exact
        ? new BoundStore(path, nix.real(), "store/view", exact.entries().withoutLinks())
        : new Overlay(path, nix.real(), "store/upper", "store/work");
  }
}
