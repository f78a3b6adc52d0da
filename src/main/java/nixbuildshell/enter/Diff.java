package nixbuildshell.enter;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.ToIntFunction;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.capture.DirectoryArgument;
import nixbuildshell.capture.KeptDirectory;
import nixbuildshell.console.ExitCode;
import nixbuildshell.console.Messages;
import nixbuildshell.console.ShellWord;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileContent;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.Status;
import nixbuildshell.files.TreeChanges;
import nixbuildshell.files.TreeChanges.Change;
import nixbuildshell.files.TreeCopy;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.nix.Caller;
import nixbuildshell.nix.Configuration;
import nixbuildshell.nix.NixProgram;
import nixbuildshell.sandbox.NixSandbox;
import nixbuildshell.sandbox.Program;
import nixbuildshell.session.Remembered;
import nixbuildshell.session.SessionFiles;
import nixbuildshell.session.Sessions;
import nixbuildshell.session.WorkingCopy;
import nixbuildshell.shell.SandboxProgram;
import nixbuildshell.store.NixStore;
import nixbuildshell.view.StoreChoice;

/**
 * Prints what the caller changed in the source tree of a session, as a patch for {@code patches = [
 * … ]}.
 *
 * @param options with the session, or a kept directory for its newest session, as DIR; an empty DIR
 *     is the session that was used last
 * @param check whether to try the patch on the source, unpacked and patched anew
 * @param out gets the patch
 */
public record Diff(
    Options options,
    boolean all,
    boolean check,
    List<ByteString> named,
    Caller caller,
    Messages messages,
    PrintStream out,
    SystemCalls calls,
    FileSystem files) {
  private static final int LARGEST = 64 << 20;
  private static final int MOST_NAMED = 10;

  /** Names the phase before which the source is as a patch finds it, but for postPatch. */
  private static final ByteString AFTER_PATCHES = ByteString.of("configurePhase");

  private static final ByteString PATCH = ByteString.of(".nix-build-shell.patch");

  private static final String APPLY = "cd -- \"$1\" && exec patch -p1 -i \"$2\" >&2";

  /**
   * Compares and prints.
   *
   * @return the exit status: 1 when the patch is tried and does not apply
   * @throws Failure when there is no such session, or nothing to compare it with
   */
  public int run() {
    NixStore store = StoreChoice.of(caller, files, options.store());
    try (Sessions sessions = Sessions.open(files, caller::environment, options.workDirectory())) {
      ByteString path =
          options.directory().isEmpty() ? usedLast(sessions) : session(sessions, store);
      Options chosen = options.in(Optional.of(path.latin1()));
      return new Diff(chosen, all, check, named, caller, messages, out, calls, files).compare();
    }
  }

  private int compare() {
    try (SessionFiles session = SessionFiles.open(files, options.directory());
        Origin origin = Origin.of(files, session)) {
      Optional<ByteString> root =
          origin.kept().isPresent()
              ? SourceTree.of(session, origin.kept().get().build())
              : Optional.empty();
      if (root.isEmpty()) {
        return compareWithFresh(session, origin);
      }
      ByteString patch = patch(origin.kept().get().build(), session, root.get());
      print(patch);
      return check && !patch.isEmpty() ? inFresh(session, fresh -> tryOut(fresh, patch)) : 0;
    } catch (ErrnoException e) {
      throw cannotCompare(e);
    }
  }

  private ByteString usedLast(Sessions sessions) {
    Sessions.Listed last =
        sessions.all().stream()
            .filter(each -> each.state() != Sessions.State.LEFT)
            .filter(
                each ->
                    each.remembered()
                        .filter(it -> it.kind() == Remembered.Kind.INTERACTIVE)
                        .isPresent())
            .max(Comparator.comparing(Sessions.Listed::used))
            .orElseThrow(
                () ->
                    new Failure(
                        "cannot tell what was changed",
                        "no session has stayed: nothing was changed in a shell",
                        "nix-build-shell last"));
    messages.note("the session that was used last is " + Sessions.name(last.path()));
    return last.path();
  }

  private ByteString session(Sessions sessions, NixStore store) {
    ByteString path =
        new DirectoryArgument(caller, files, store, messages, sessions::named)
            .path(options.directory());
    try (KeptDirectory kept = KeptDirectory.open(files, path)) {
      return Enter.known(sessions, kept)
          .orElseThrow(
              () ->
                  new Failure(
                      "cannot compare " + path,
                      "no session of it has stayed: nothing was changed in a shell",
                      "nix-build-shell " + ShellWord.quote(path)));
    }
  }

  /** Compares where the source is known only when it has been unpacked and patched once more. */
  private int compareWithFresh(SessionFiles session, Origin origin) {
    messages.note(
        origin
            .whyNot()
            .map(why -> why + ": the comparison is with the source, unpacked and patched anew")
            .orElse("the source is unpacked anew, to see which directory patches apply to"));
    return inFresh(
        session,
        fresh -> {
          try (Directory unpacked = fresh.session().open("build")) {
            ByteString root = below(fresh.sandbox().build().directory(), fresh.directory());
            Directory before = origin.kept().map(KeptDirectory::build).orElse(unpacked);
            ByteString patch = patch(before, session, root);
            print(patch);
            return check && !patch.isEmpty() ? tryOut(fresh, patch) : 0;
          } catch (ErrnoException e) {
            throw cannotCompare(e);
          }
        });
  }

  private Failure cannotCompare(ErrnoException e) {
    return e.failure("cannot compare " + options.directory(), "");
  }

  private void print(ByteString patch) {
    byte[] bytes = patch.bytes();
    out.write(bytes, 0, bytes.length);
    out.flush();
  }

  /** Unpacks and patches the source anew, and does something there. */
  private int inFresh(SessionFiles session, ToIntFunction<Options.Visited> work) {
    String what = "cannot unpack and patch the source of " + options.directory() + " anew";
    ByteString derivation =
        session
            .remembered()
            .derivation()
            .or(options::derivation)
            .orElseThrow(
                () -> new Failure(what, "its derivation is not known", "name it: --drv FILE"));
    Options.Fresh fresh = new Options.Fresh(Optional.of(AFTER_PATCHES), Optional.empty());
    boolean[] arrived = {false};
    Options.Visitor visitor =
        visited -> {
          arrived[0] = true;
          return work.applyAsInt(visited);
        };
    Options asked = options.with(fresh, derivation, List.of()).with(new Options.Look(visitor));
    int status = Enter.run(asked, caller, Configuration.read(caller), messages, out, calls);
    if (!arrived[0] && status < ExitCode.SIGNAL) {
      throw new Failure(what, "a phase before " + AFTER_PATCHES + " fails: see above", "");
    }
    return status;
  }

  private static ByteString below(String top, Optional<ByteString> directory) {
    return directory
        .filter(path -> path.startsWith(top + "/"))
        .map(path -> new ByteString(path.latin1().substring(top.length() + 1)))
        .orElse(ByteString.EMPTY);
  }

  /** Tries the patch where patchPhase has ended, and lets {@code patch} say what does not apply. */
  private int tryOut(Options.Visited fresh, ByteString patch) {
    String top = fresh.sandbox().build().directory();
    new WorkingCopy(fresh.session(), TreeCopy.plain()).writeBuildFile(PATCH, patch, 0644);
    List<ByteString> command =
        List.of(
            fresh.start().shell().orElseThrow().path(),
            ByteString.of("-c"),
            ByteString.of(APPLY),
            ByteString.of("patch"),
            fresh.directory().orElse(ByteString.of(top)),
            ByteString.of(top + "/").plus(PATCH));
    Program program = SandboxProgram.of(fresh.start(), command, top, false);
    int status = fresh.launcher().run(NixSandbox.of(fresh.sandbox(), program), fresh.session());
    messages.note(
        status == 0
            ? "the patch applies after patchPhase"
            : "the patch does not apply after patchPhase, as patch says above; postPatch may have"
                + " changed the same file");
    return status == 0 ? 0 : 1;
  }

  private ByteString patch(Directory before, SessionFiles session, ByteString root)
      throws ErrnoException {
    TreeChanges changes =
        new TreeChanges(
            before, session.build(), session.changes(() -> false), SessionFiles.NO_SOURCES);
    Edits edits = Edits.of(changes, session, root, new Edits.Wanted(all, named));
    List<ByteString> binary = new ArrayList<>();
    List<ByteString> modes = new ArrayList<>();
    List<ByteString> odd = new ArrayList<>();
    StringBuilder patch = new StringBuilder();
    try (Directory one = TreeChanges.open(before, root);
        Directory two = sourceTree(session, root);
        UnifiedDiff diff = UnifiedDiff.open(program())) {
      for (Change each : edits.wanted()) {
        if (!Edits.isOfFiles(each)) {
          odd.add(each.path());
          continue;
        }
        Optional<byte[]> old = each.before().flatMap(any -> content(one, each.path()));
        Optional<byte[]> now = each.after().flatMap(any -> content(two, each.path()));
        if (each.before().isPresent() != old.isPresent()
            || each.after().isPresent() != now.isPresent()) {
          if (each.after().isPresent()) {
            odd.add(each.path());
          }
        } else if (isBinary(old) || isBinary(now)) {
          if (!Arrays.equals(old.orElse(null), now.orElse(null))) {
            binary.add(each.path());
          }
        } else {
          ByteString text = diff.of(each.path(), old, now);
          patch.append(text.latin1());
          if (text.isEmpty() && old.isPresent() != now.isPresent()) {
            odd.add(each.path());
          }
        }
        mode(each).ifPresent(modes::add);
      }
    }
    tell("new, and not in the patch without --all or their names", paths(edits.added()));
    tell(
        "last changed by phases, and not in the patch without their names",
        paths(edits.machineMade()));
    tell("outside of the source tree, and not in the patch", edits.outside());
    tell("binary, and not in the patch", binary);
    tell("the patch does not set the modes of", modes);
    tell("no text that a patch can have", odd);
    if (patch.length() == 0) {
      messages.note("nothing is changed that a patch can have");
    }
    return new ByteString(patch.toString());
  }

  private Directory sourceTree(SessionFiles session, ByteString root) throws ErrnoException {
    try {
      return TreeChanges.open(session.build(), root);
    } catch (ErrnoException e) {
      throw e.failure(
          "cannot open the source tree " + root + " of the session",
          "move it back there, if it was renamed");
    }
  }

  private static List<ByteString> paths(List<Change> changes) {
    return changes.stream().map(Change::path).toList();
  }

  private void tell(String what, List<ByteString> paths) {
    if (!paths.isEmpty()) {
      int more = paths.size() - MOST_NAMED;
      messages.note(
          what
              + ": "
              + ShellWord.quote(paths.subList(0, Math.min(paths.size(), MOST_NAMED)))
              + (more > 0 ? " and " + more + " more" : ""));
    }
  }

  private Path program() {
    return NixProgram.find(caller, "diff", () -> false)
        .map(NixProgram::file)
        .orElseThrow(
            () ->
                new Failure(
                    "cannot compare " + options.directory(),
                    "there is no diff on PATH",
                    "install GNU diffutils"));
  }

  /** Reads a file of a tree; empty when it is too large, no file, or not readable. */
  private static Optional<byte[]> content(Directory tree, ByteString path) {
    int slash = path.latin1().lastIndexOf('/');
    try (Directory directory =
        TreeChanges.open(tree, new ByteString(path.latin1().substring(0, Math.max(0, slash))))) {
      ByteString name = new ByteString(path.latin1().substring(slash + 1));
      return FileContent.read(directory, name, LARGEST) instanceof FileContent.Bytes file
          ? Optional.of(file.bytes())
          : Optional.empty();
    } catch (ErrnoException e) {
      return Optional.empty();
    }
  }

  private static boolean isBinary(Optional<byte[]> content) {
    return content.isPresent()
        && new String(content.get(), StandardCharsets.ISO_8859_1).indexOf('\0') >= 0;
  }

  /** Describes a change of the permission to execute, all that Nix keeps of a mode. */
  private static Optional<ByteString> mode(Change change) {
    int old = change.before().map(Status::mode).orElse(0) & 0111;
    int now = change.after().map(Status::mode).orElse(old) & 0111;
    return (old == 0) == (now == 0)
        ? Optional.empty()
        : Optional.of(change.path().plus(now == 0 ? " (not executable now)" : " (executable now)"));
  }
}
