package nixbuildshell.plan;

import static nixbuildshell.plan.Argument.nothing;
import static nixbuildshell.plan.Argument.number;
import static nixbuildshell.plan.Argument.octal;
import static nixbuildshell.plan.Argument.text;
import static nixbuildshell.plan.Constants.AT_FDCWD;
import static nixbuildshell.plan.Constants.S_IFREG;

import java.util.ArrayList;
import java.util.List;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Syscall;
import nixbuildshell.files.EntryList;
import nixbuildshell.plan.Argument.Number;
import nixbuildshell.plan.Argument.Text;

/** Collects the steps of a plan in their order. */
final class Steps {
  /** The new root before the pivot, in the session's directory. */
  static final String ROOT = "root";

  /** The mode 0755. */
  private static final Number OF_DIRECTORIES = octal(0755);

  private static final Number OF_MOUNT_POINTS = S_IFREG.or(octal(0444));
  private static final Number NONE = number(0);
  private static final Argument NULL = nothing();

  private final List<Part> parts = new ArrayList<>();

  Plan plan() {
    return new Plan(parts);
  }

  /** Adds a step and returns its result, for later steps. */
  Argument add(Step step) {
    parts.add(step);
    return new Argument.Result(parts.size() - 1);
  }

  /** Adds a step for each of some store paths; none where there are none. */
  void addEach(Step pattern, EntryList paths) {
    if (paths.size() > 0) {
      parts.add(new EachPath(pattern, paths));
    }
  }

  Argument add(String label, Syscall syscall, Argument... arguments) {
    return add(Step.of(label, syscall, arguments));
  }

  /** Makes a directory in the new root, of mode 0755. */
  void makeDirectory(ByteString path) {
    makeDirectory("make " + path, outside(path), OF_DIRECTORIES);
  }

  /** Makes a directory. */
  void makeDirectory(String label, Argument path, Number mode) {
    add(label, Syscall.MKDIRAT, AT_FDCWD, path, mode);
  }

  /** Makes an empty file as a mount point. */
  void makeMountPoint(String label, Argument path) {
    add(label, Syscall.MKNODAT, AT_FDCWD, path, OF_MOUNT_POINTS, NONE);
  }

  void makeLink(String label, Argument destination, Argument path) {
    add("make " + label, Syscall.SYMLINKAT, destination, AT_FDCWD, path);
  }

  /** Makes a bind mount. */
  void bind(String label, Argument source, Argument target, Number flags) {
    bind(Step.Kind.OTHER, label, source, target, flags);
  }

  void bind(Step.Kind kind, String label, Argument source, Argument target, Number flags) {
    add(mount(kind, label, source, target, flags));
  }

  static Step mount(Step.Kind kind, String label, Argument source, Argument target, Number flags) {
    return Step.of(kind, label, Syscall.MOUNT, source, target, NULL, flags, NULL);
  }

  /** Changes the flags of a mount. */
  void setFlags(String label, Argument mount, Number flags) {
    add(label, Syscall.MOUNT, nothing(), mount, nothing(), flags, nothing());
  }

  /** Mounts a new file system. */
  void mount(
      Step.Kind kind, String label, String source, Argument target, String type, String options) {
    Argument data = options.isEmpty() ? nothing() : text(options);
    add(
        Step.of(
            kind,
            "mount " + label,
            Syscall.MOUNT,
            text(source),
            target,
            text(type),
            number(0),
            data));
  }

  /** Returns a path of the new root, relative to the session's directory. */
  static Argument outside(String path) {
    return text(ROOT + path);
  }

  static Argument outside(ByteString path) {
    return new Text(ByteString.of(ROOT).plus(path));
  }
}
