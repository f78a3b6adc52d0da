package nixbuildshell.attach;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.abi.Syscall;
import nixbuildshell.files.FileSystem;
import nixbuildshell.kernel.NativeMemory;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.plan.AttachPlan;
import nixbuildshell.plan.AttachPlan.Limit;
import nixbuildshell.sandbox.CallFilter;
import nixbuildshell.sandbox.Generation;
import nixbuildshell.sandbox.Identity;
import nixbuildshell.sandbox.Program;

/**
 * Reads what a process needs to enter a build like one of the build's own. Once the build is held,
 * what is read does not change.
 */
public record BuildProcess(SystemCalls calls, RunningBuild build) {
  private static final String WHAT = "cannot enter the build";
  private static final int RESOURCES = 16;
  private static final int NS_GET_USERNS = 0xb701;
  private static final int NS_GET_PARENT = 0xb702;
  private static final int READ_CLOEXEC = 0x80000;
  private static final int AT_FDCWD = -100;
  private static final Pattern ONE = Pattern.compile("(1000|100) +([0-9]+) +1");
  private static final Pattern RANGE = Pattern.compile("0 +([0-9]+) +65536");

  /** The flags of the namespaces, {@code sched.h}, by their names in {@code /proc/PID/ns}. */
  private static final Map<String, Long> NAMESPACES =
      new LinkedHashMap<>(
          Map.of(
              "user", 0x10000000L,
              "mnt", 0x00020000L,
              "pid", 0x20000000L,
              "uts", 0x04000000L,
              "ipc", 0x08000000L,
              "net", 0x40000000L,
              "cgroup", 0x02000000L));

  private ProcessFiles process() {
    return new ProcessFiles(build.pid());
  }

  /**
   * Requires that the build can be entered, as far as that can be known before it is held: a hold
   * ends the build.
   *
   * @param dumpable {@code /proc/sys/fs/suid_dumpable}. With 1 a process that changes its user
   *     shows its memory to that user, and this one has the caller's (credentials(7), {@code
   *     commit_creds} in the kernel's cred.c)
   * @throws Failure when it cannot
   */
  public void requireEnterable(Optional<String> dumpable) {
    if (dumpable.filter(value -> value.strip().equals("1")).isPresent()) {
      throw new Failure(
          WHAT,
          "this host shows the memory of a process that becomes another user (fs.suid_dumpable is"
              + " 1), and the build would see that of nix-build-shell",
          "sysctl -w fs.suid_dumpable=0");
    }
    requireNixsNamespaces();
    identity();
    shell();
  }

  /**
   * Returns how to enter.
   *
   * @param hold of this build
   * @param shown as {@link AttachPlan} has it
   * @param files what to write before
   * @param program what to run
   * @param executable a descriptor of what runs in its place, if that is possible
   * @throws Failure when the sandbox is not as Nix makes it
   */
  public AttachPlan plan(
      Hold hold,
      Map<ByteString, String> shown,
      AttachPlan.Files files,
      Program program,
      OptionalInt executable) {
    requireNixsNamespaces();
    boolean filtered = process().number("Seccomp") == 2;
    boolean copied = !hold.filters().isEmpty();
    return new AttachPlan(
        hold.pidfd(),
        namespaces(),
        identity(),
        limits(),
        Long.parseLong(process().text("personality").orElse("0").strip(), 16),
        hold.filters(),
        filtered ? CallFilter.of(copied ? Generation.FLAT : Generation.NESTED) : CallFilter.LEAST,
        !differs("net"),
        shown,
        files,
        program,
        executable);
  }

  /**
   * Returns the shell that the builder runs, as seen from inside.
   *
   * @throws Failure when it runs another program
   */
  public ByteString shell() {
    return process()
        .link("exe")
        .filter(path -> path.matches("/(.*/)?(bash|sh)"))
        .map(ByteString::of)
        .orElseThrow(() -> new Failure(WHAT, "its first process runs no shell of the build's", ""));
  }

  /** Returns the working directory of the builder, as seen from inside. */
  public String directory() {
    return process().link("cwd").filter(path -> path.startsWith("/")).orElse("/");
  }

  public List<ByteString> environment() {
    return Environment.of(process());
  }

  private boolean differs(String namespace) {
    ProcessFiles self = new ProcessFiles(ProcessHandle.current().pid());
    Optional<String> inside = process().link("ns/" + namespace);
    return inside.isPresent() && !inside.equals(self.link("ns/" + namespace));
  }

  private long namespaces() {
    return NAMESPACES.entrySet().stream()
        .filter(each -> differs(each.getKey()))
        .mapToLong(Map.Entry::getValue)
        .sum();
  }

  /**
   * Requires that the namespaces are the ones that Nix has made. A build can make others within its
   * own, where it is root and mounts what it likes.
   */
  private void requireNixsNamespaces() {
    if (!differs("user") || !differs("mnt") || !differs("pid")) {
      throw new Failure(WHAT, "it has no sandbox with a user namespace of its own", "");
    }
    String user = "/proc/" + build.pid() + "/ns/user";
    boolean ofNix =
        related(user, NS_GET_PARENT).equals(new ProcessFiles(self()).link("ns/user"))
            && related("/proc/" + build.pid() + "/ns/mnt", NS_GET_USERNS)
                .equals(process().link("ns/user"));
    if (!ofNix) {
      throw new Failure(WHAT, "its first process has left the sandbox that Nix has made", "");
    }
  }

  private static long self() {
    return ProcessHandle.current().pid();
  }

  /** Returns the namespace that stands in a relation to another (ioctl_ns(2)). */
  private Optional<String> related(String path, int relation) {
    try (NativeMemory name = NativeMemory.holding(calls, ByteString.of(path).terminated())) {
      long namespace = calls.call(Syscall.OPENAT, AT_FDCWD, name.address(), READ_CLOEXEC, 0);
      long other = calls.call(Syscall.IOCTL, namespace, relation);
      Optional<String> found =
          other < 0
              ? Optional.empty()
              : new FileSystem(calls)
                  .linkAt(ByteString.of("/proc/self/fd/" + other))
                  .map(ByteString::toString);
      calls.call(Syscall.CLOSE, other);
      calls.call(Syscall.CLOSE, namespace);
      return found;
    }
  }

  /** Reads the ids that are mapped: those of one user, or a range. */
  private Identity identity() {
    boolean privileged = process().number("Uid") != new ProcessFiles(self()).number("Uid");
    String users = process().text("uid_map").orElse("").strip();
    String groups = process().text("gid_map").orElse("").strip();
    Matcher user = ONE.matcher(users);
    Matcher group = ONE.matcher(groups);
    if (user.matches() && group.matches()) {
      long uid = Long.parseLong(user.group(2));
      long gid = Long.parseLong(group.group(2));
      if (uid > 0 && gid > 0 && user.group(1).equals("1000") && group.group(1).equals("100")) {
        return new Identity(uid, gid, privileged);
      }
    }
    Matcher range = RANGE.matcher(users);
    if (range.matches() && users.equals(groups) && Long.parseLong(range.group(1)) >= 65536) {
      return Identity.range(Long.parseLong(range.group(1)));
    }
    throw new Failure(WHAT, "its users are not mapped as Nix maps them: " + users, "");
  }

  private List<Limit> limits() {
    List<Limit> limits = new ArrayList<>();
    try (NativeMemory memory = NativeMemory.ofSize(calls, 16)) {
      for (int resource = 0; resource < RESOURCES; resource++) {
        calls.must(
            "cannot read the limits of process " + build.pid(),
            Syscall.PRLIMIT64,
            build.pid(),
            resource,
            0,
            memory.address());
        ByteBuffer words = ByteBuffer.wrap(memory.read(0, 16)).order(ByteOrder.nativeOrder());
        limits.add(new Limit(words.getLong(), words.getLong()));
      }
    }
    return limits;
  }
}
