package nixbuildshell.plan;

import static nixbuildshell.plan.Argument.nothing;
import static nixbuildshell.plan.Argument.number;
import static nixbuildshell.plan.Argument.text;
import static nixbuildshell.plan.Constants.AT_FDCWD;
import static nixbuildshell.plan.Step.Kind.FILTER_CALLS;
import static nixbuildshell.plan.Step.Kind.SET_PERSONALITY;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.plan.Argument.Data;
import nixbuildshell.plan.Argument.Number;
import nixbuildshell.sandbox.CallFilter;
import nixbuildshell.sandbox.Identity;
import nixbuildshell.sandbox.Program;

/**
 * Plans the process that enters a running build. The build is an attacker who sees the process as
 * soon as that is in the build's namespaces. So the process gives up its groups, its keyring and
 * its memory before that, and resolves no path inside before it is the build user: root could write
 * to the host's store.
 *
 * @param build the descriptor of the build's PID 1, a pidfd
 * @param namespaces the {@code CLONE_NEW…} flags of the namespaces to enter
 * @param user the build user, as seen from inside
 * @param limits one for each resource, from 0 on
 * @param personality the build's, as a number
 * @param filters the build's filters, the oldest first, each an array of {@code struct sock_filter}
 * @param own the filter that the tool adds
 * @param hostNetwork whether the build has the host's network
 * @param shown directories of the host's store that the program needs and the build has not, by
 *     their paths on the host, with those inside. Only the program and its children see them
 * @param files what is written to a directory of the build's before
 * @param program what to run
 * @param executable a descriptor of a program without interpreter that runs in its place, if the
 *     kernel lets it
 */
public record AttachPlan(
    int build,
    long namespaces,
    Identity user,
    List<Limit> limits,
    long personality,
    List<ByteString> filters,
    CallFilter own,
    boolean hostNetwork,
    Map<ByteString, String> shown,
    Files files,
    Program program,
    OptionalInt executable) {
  private static final long CLONE_PARENT = 0x8000;
  private static final long CLONE_PARENT_SETTID = 0x100000;
  private static final long SIGCHLD = 17;
  private static final Number EMPTY_PATH = new Number(0x1000, "AT_EMPTY_PATH");
  private static final String FORK = "make a process in the build's PID namespace";

  /** Holds a resource's limits as getrlimit(2) has them. */
  public record Limit(long soft, long hard) {}

  /**
   * Holds files, which the build user writes.
   *
   * @param directories each in the one before it; they may be there
   * @param contents by name, in the last of the directories
   * @param replaced a file that another takes the place of at once, by its path
   */
  public record Files(
      List<String> directories,
      Map<String, ByteString> contents,
      Optional<Map.Entry<String, ByteString>> replaced) {}

  public AttachPlan {
    limits = List.copyOf(limits);
    filters = List.copyOf(filters);
    shown = Collections.unmodifiableMap(new LinkedHashMap<>(shown));
  }

  public Plan plan(PipeEnds pipe, StandardStreams streams, OldKernel kernel) {
    Steps steps = new Steps();
    Handshake handshake = new Handshake(steps, pipe);
    handshake.waitForTheMaps();
    leaveTheHost(steps);
    List<Argument> trees = shown.keySet().stream().map(path -> take(steps, path)).toList();
    steps.add("enter the build's namespaces", Syscall.SETNS, number(build), number(namespaces));
    steps.add(fork());
    steps.add("start a session", Syscall.SETSID);
    handshake.becomeTheBuildUser(user);
    steps.add("set the umask", Syscall.UMASK, Argument.octal(022));
    if (!trees.isEmpty()) {
      show(steps, trees);
    }
    new StreamSteps(steps).add(streams);
    steps.add("enter the root", Syscall.CHDIR, text("/"));
    steps.add(
        Step.of("enter " + program.directory(), Syscall.CHDIR, text(program.directory()))
            .tolerating(Errno.ENOENT, "the build has removed it")
            .tolerating(Errno.ENOTDIR, "the build has replaced it")
            .tolerating(Errno.EACCES, "the build has closed it"));
    write(steps);
    ProgramSteps last = new ProgramSteps(steps, kernel);
    // Before the build's filters: one that the build has added can feign that this succeeds.
    last.closeAllBut(executable);
    confine(steps);
    last.start(program, executable);
    return steps.plan();
  }

  /**
   * Makes the clone into the build's PID namespace. The child is the tool's, too, and its number is
   * written to the third argument before either of the two goes on.
   */
  private static Step fork() {
    Number flags =
        new Number(
            CLONE_PARENT | CLONE_PARENT_SETTID | SIGCHLD,
            "CLONE_PARENT|CLONE_PARENT_SETTID|SIGCHLD");
    Data pid = new Data(ByteString.of(new byte[8]), "{pid}");
    return Step.of(FORK, Syscall.CLONE, flags, nothing(), pid, nothing(), nothing())
        .leavingWhenPositive();
  }

  /** Returns the number of the step that clones, whose argument 2 is the child's process ID. */
  public static int forkStep(Plan plan) {
    List<Step> steps = plan.steps();
    for (int i = 0; i < steps.size(); i++) {
      if (steps.get(i).label().equals(FORK)) {
        return i;
      }
    }
    throw new IllegalArgumentException(plan.toString());
  }

  private void leaveTheHost(Steps steps) {
    Number dumpable = new Number(4, "PR_SET_DUMPABLE");
    steps.add("close its memory", Syscall.PRCTL, dumpable, number(0));
    Step groups =
        Step.of("give up the supplementary groups", Syscall.SETGROUPS, number(0), nothing());
    steps.add(
        user.privileged()
            ? groups
            : groups.tolerating(Errno.EPERM, "an ordinary user keeps its own, as its builds do"));
    Planner.ownKeyring(steps);
    for (int resource = 0; resource < limits.size(); resource++) {
      steps.add(
          Step.of(
                  "take over limit " + resource,
                  Syscall.PRLIMIT64,
                  number(0),
                  number(resource),
                  limit(limits.get(resource)),
                  nothing())
              .tolerating(Errno.EPERM, "only root can raise it"));
    }
  }

  /** Takes a mount of a directory of the host's along. */
  private static Argument take(Steps steps, ByteString path) {
    Argument tree =
        steps.add(
            "take " + path + " along",
            Syscall.OPEN_TREE,
            AT_FDCWD,
            new Argument.Text(path),
            new Number(0x80001, "OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC"));
    steps.add(
        "make " + path + " read-only",
        Syscall.MOUNT_SETATTR,
        tree,
        text(""),
        EMPTY_PATH,
        Constants.SET_HARMLESS,
        number(Constants.SET_HARMLESS.value().length()));
    return tree;
  }

  /**
   * Mounts what was taken along, in a mount namespace of the process's own. Until it executes the
   * program, the process may do so in the build's user namespace, as the build user.
   */
  private void show(Steps steps, List<Argument> trees) {
    steps.add("have mounts of its own", Syscall.UNSHARE, new Number(0x00020000, "CLONE_NEWNS"));
    steps.setFlags("make the mounts private", text("/"), Constants.MS_REC.or(Constants.MS_PRIVATE));
    List<String> targets = List.copyOf(shown.values());
    for (int i = 0; i < targets.size(); i++) {
      makeDirectory(steps, targets.get(i));
      steps.add(
          "show " + targets.get(i),
          Syscall.MOVE_MOUNT,
          trees.get(i),
          text(""),
          AT_FDCWD,
          text(targets.get(i)),
          new Number(4, "MOVE_MOUNT_F_EMPTY_PATH"));
    }
  }

  private static void makeDirectory(Steps steps, String directory) {
    steps.add(
        Step.of(
                "make " + directory,
                Syscall.MKDIRAT,
                AT_FDCWD,
                text(directory),
                Argument.octal(0755))
            .tolerating(Errno.EEXIST, "it is there"));
  }

  /** Writes the files. The build may have put links there: they are removed, never followed. */
  private void write(Steps steps) {
    files.directories.forEach(directory -> makeDirectory(steps, directory));
    String last = files.directories.get(files.directories.size() - 1);
    files.contents.forEach((name, content) -> write(steps, last + "/" + name, content));
    files.replaced.ifPresent(
        file -> {
          String made = file.getKey() + ".new";
          write(steps, made, file.getValue());
          steps.add(
              "replace " + file.getKey(),
              Syscall.RENAMEAT2,
              AT_FDCWD,
              text(made),
              AT_FDCWD,
              text(file.getKey()),
              number(0));
        });
  }

  private static void write(Steps steps, String path, ByteString content) {
    steps.add(
        Step.of("remove " + path, Syscall.UNLINKAT, AT_FDCWD, text(path), number(0))
            .tolerating(Errno.ENOENT, "it is not there"));
    Argument file =
        steps.add(
            "make " + path,
            Syscall.OPENAT,
            AT_FDCWD,
            text(path),
            new Number(0x800c1, "O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC"),
            Argument.octal(0644));
    steps.add(
        Step.of(
                "write " + path,
                Syscall.WRITE,
                file,
                new Data(content, content.length() + " bytes"),
                number(content.length()))
            .expecting(content.length()));
    steps.add("close " + path, Syscall.CLOSE, file);
  }

  private static Data limit(Limit limit) {
    ByteBuffer words = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    words.putLong(limit.soft).putLong(limit.hard);
    return new Data(ByteString.of(words.array()), "{" + limit.soft + ", " + limit.hard + "}");
  }

  private void confine(Steps steps) {
    Number zero = number(0);
    Number noNewPrivileges = new Number(38, "PR_SET_NO_NEW_PRIVS");
    steps.add(
        "renounce new privileges", Syscall.PRCTL, noNewPrivileges, number(1), zero, zero, zero);
    steps.add(
        Step.of(SET_PERSONALITY, "set the personality", Syscall.PERSONALITY, number(personality))
            .tolerating(Errno.EPERM, "a container's filter forbids it"));
    if (hostNetwork) {
      Planner.shutAbstractSockets(steps);
    }
    filter(steps, new Argument.Filter(own));
    filters.forEach(each -> filter(steps, new Argument.CopiedFilter(each)));
  }

  private static void filter(Steps steps, Argument program) {
    Number set = new Number(1, "SECCOMP_SET_MODE_FILTER");
    steps.add(
        Step.of(FILTER_CALLS, "filter system calls", Syscall.SECCOMP, set, number(0), program));
  }
}
