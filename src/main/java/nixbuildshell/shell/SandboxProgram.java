package nixbuildshell.shell;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.capture.BuilderCall;
import nixbuildshell.capture.Shell;
import nixbuildshell.sandbox.Program;
import nixbuildshell.session.ShellDirectory;

/** Makes the program of a sandbox: the build's shell, a command by itself, or the builder. */
public final class SandboxProgram {
  private static final String ENV_VARS = "source %1$s/env-vars; ";

  /**
   * Becomes the command. A shell that finds no file for it says so and ends; the trap adds what the
   * caller can do, unless the name has spaces: then the whole command line was one word, of which
   * {@code enter} tells. The trap goes when the command starts, so the command's own 127 is not
   * meant.
   */
  private static final String EXEC =
      "trap '[ $? != 127 ] || case $1 in */* | *[[:space:]]*) ;; *) command -v -- \"$1\" >/dev/null"
          + " || echo \"nix-build-shell: cannot run $1: not in the build'\\''s PATH. Try:"
          + " --sandbox-path STOREPATH DIR STOREPATH/bin/$1\" >&2 ;; esac' EXIT; exec \"$@\"";

  /**
   * Exports of the structured attributes what setup scripts and callers start from. Nix exports
   * none of them, and stdenv the outputs alone. The attributes come first, as in the builder:
   * env-vars has what phases changed in them.
   */
  private static final String ATTRIBUTES =
      "if [ -e %1$s/.attrs.sh ]; then source %1$s/.attrs.sh; source %1$s/env-vars; export stdenv;"
          + " for __output in \"${!outputs[@]}\"; do"
          + " export \"$__output=${outputs[$__output]}\"; done; unset __output; ";

  /**
   * Bash inherits no arrays. So an interactive bash reads the structured attributes before its
   * first prompt.
   */
  private static final String AT_THE_PROMPT =
      "export PROMPT_COMMAND='unset PROMPT_COMMAND; source %1$s/.attrs.sh; source %1$s/env-vars"
          + "%2$s'; ";

  /**
   * Another bash reads them by BASH_ENV, in a file that is no part of the working copy. It is for
   * this bash alone: a bash below it reads nothing, as in the build.
   */
  private static final String AT_THE_START =
      "export BASH_ENV=/dev/shm/.nix-build-shell; echo 'unset BASH_ENV; source %1$s/.attrs.sh;"
          + " source %1$s/env-vars%2$s' >|$BASH_ENV; ";

  private static final String END_OF_ATTRIBUTES = "fi 2>/dev/null; ";

  private static final Set<String> SHELLS = Set.of("bash", "sh", "dash", "zsh", "fish", "ksh");
  private static final Set<String> INTERACTIVE_OPTIONS = Set.of("-i", "-l", "--login");
  private static final String PATH = "PATH=";

  private SandboxProgram() {}

  /**
   * Returns the program for a command. The build's shell sets the build's variables and becomes the
   * command; without a shell the command is executed by itself.
   *
   * @param command the command and its arguments; empty for the build's shell
   * @param directory the build directory, as seen from inside
   * @param terminal whether stdin is a terminal
   * @throws Failure when there is neither a command nor a shell
   */
  public static Program of(
      Start start, List<ByteString> command, String directory, boolean terminal) {
    if (start.shell().isEmpty()) {
      return direct(environment(start), command, directory);
    }
    Shell shell = start.shell().get();
    List<ByteString> arguments = new ArrayList<>(shell.words());
    if (shell.isBash()) {
      String programs = programs(start.programs());
      String environment = environment(command, terminal).formatted(directory, programs);
      arguments.addAll(
          words(
              "-c", environment + (programs.isEmpty() ? "" : programs.substring(2) + "; ") + EXEC));
      arguments.add(ByteString.of("--"));
      arguments.addAll(command.isEmpty() ? List.of(shell.path()) : command);
    } else if (!command.isEmpty()) {
      arguments.addAll(words("-c", EXEC, "sh"));
      arguments.addAll(command);
    }
    return new Program(
        List.of(shell.path()), arguments, environment(start), directory, true, false);
  }

  /**
   * Returns the end of a script that adds directories to PATH: behind the build's, so that the
   * build's own programs stay what they are. Names of store paths need no quotes.
   */
  private static String programs(List<ByteString> directories) {
    return directories.isEmpty()
        ? ""
        : "; PATH=${PATH:+$PATH:}" + joined(directories) + "; export PATH";
  }

  /** Returns the variables for {@code execve}. Of a bash, a script sets PATH. */
  private static List<ByteString> environment(Start start) {
    if (start.programs().isEmpty() || start.shell().filter(Shell::isBash).isPresent()) {
      return start.environment();
    }
    List<ByteString> variables = new ArrayList<>(start.environment());
    ByteString path = path(start.environment()).map(ByteString::new).orElse(ByteString.EMPTY);
    variables.removeIf(variable -> variable.startsWith(PATH));
    variables.add(
        ByteString.of(PATH)
            .plus(path)
            .plus(path.isEmpty() ? "" : ":")
            .plus(joined(start.programs())));
    return variables;
  }

  private static String joined(List<ByteString> directories) {
    return directories.stream().map(ByteString::latin1).collect(Collectors.joining(":"));
  }

  private static String environment(List<ByteString> command, boolean terminal) {
    boolean bash = command.isEmpty() || name(command.get(0)).equals("bash");
    String arrays = isInteractive(command, terminal) ? AT_THE_PROMPT : AT_THE_START;
    return ENV_VARS + ATTRIBUTES + (bash ? arrays : "") + END_OF_ATTRIBUTES;
  }

  /**
   * Decides whether the caller will work in the command: a shell without a script, on a terminal.
   */
  public static boolean isInteractive(List<ByteString> command, boolean terminal) {
    return terminal
        && (command.isEmpty()
            || SHELLS.contains(name(command.get(0)))
                && command.stream()
                    .skip(1)
                    .allMatch(a -> INTERACTIVE_OPTIONS.contains(a.latin1())));
  }

  /**
   * Decides whether a command line asks for the shell at the failure: none, or {@code bash} alone.
   *
   * @param terminals whether stdin and stdout are terminals
   */
  public static boolean isAtTheFailure(Start start, List<ByteString> command, boolean terminals) {
    return terminals
        && start.hasBash()
        && (command.isEmpty() || command.size() == 1 && command.get(0).latin1().equals("bash"));
  }

  /**
   * Returns the shell at the failure. Its start-up file brings the build's variables.
   *
   * @param bash the interactive one, as seen from inside
   */
  public static Program atTheFailure(Start start, ByteString bash, String directory) {
    String startUp = ShellDirectory.path(directory) + "/start.bash";
    List<ByteString> arguments = new ArrayList<>(List.of(bash));
    arguments.addAll(words("--rcfile", startUp, "-i"));
    return new Program(List.of(bash), arguments, start.environment(), directory, true, false);
  }

  /** Returns a program that stands for none: the sandbox is made for others to come. */
  public static Program none(String directory) {
    List<ByteString> none = words("none");
    return new Program(none, none, List.of(), directory, false, true);
  }

  /**
   * Returns the program that runs a phase again, by the build's own bash.
   *
   * @param phase empty for the phase that failed
   * @param trace whether to show each command
   * @throws Failure when the build's shell is no bash
   */
  public static Program phase(
      Start start, Optional<ByteString> phase, boolean trace, String directory) {
    ByteString bash = requireBash(start, "run a phase again");
    List<ByteString> arguments = new ArrayList<>(List.of(bash));
    arguments.addAll(words("-p", ShellDirectory.path(directory) + "/run.bash", "retry"));
    arguments.addAll(trace ? words("--trace") : List.of());
    phase.ifPresent(arguments::add);
    return new Program(List.of(bash), arguments, start.environment(), directory, false, false);
  }

  /**
   * Returns the program that runs all phases before another one, and leaves the state at its start.
   * What they write goes to stderr, since stdout is the caller's command's.
   *
   * @throws Failure when the build's shell is no bash
   */
  public static Program until(Start start, ByteString phase, String directory) {
    ByteString bash = requireBash(start, "run phases");
    List<ByteString> arguments = new ArrayList<>(List.of(bash));
    arguments.addAll(words("-c", "exec \"$@\" >&2", "sh"));
    arguments.add(bash);
    arguments.addAll(words(ShellDirectory.path(directory) + "/run.bash", "until"));
    arguments.add(phase);
    return new Program(List.of(bash), arguments, start.environment(), directory, false, false);
  }

  private static ByteString requireBash(Start start, String what) {
    if (!start.hasBash()) {
      throw new Failure(
          "cannot " + what,
          "the build's shell is no bash, so it has no phases",
          "run the builder again: nix-build-shell --builder DIR");
    }
    return start.shell().orElseThrow().path();
  }

  /**
   * Returns the builder as Nix called it.
   *
   * @throws Failure when Nix builds this derivation itself, without a program
   */
  public static Program builder(BuilderCall call, String directory) {
    if (call.isBuiltin()) {
      throw new Failure(
          "cannot run the builder " + call.path(), "it is a part of Nix itself, no program", "");
    }
    List<ByteString> environment = Start.strings(call.environment());
    return new Program(List.of(call.path()), call.arguments(), environment, directory, true, true);
  }

  private static Program direct(
      List<ByteString> environment, List<ByteString> command, String directory) {
    if (command.isEmpty()) {
      throw new Failure(
          "cannot start a shell",
          "the build's own is not known, and its builder is none",
          "name a command, by its path in the store: nix-build-shell DIR COMMAND; or run the"
              + " builder again: nix-build-shell --builder DIR");
    }
    List<ByteString> paths = search(environment, command.get(0));
    return new Program(paths, command, environment, directory, true, true);
  }

  /** Lists where a command can be, in the order of execvp(3). */
  private static List<ByteString> search(List<ByteString> environment, ByteString command) {
    if (command.isEmpty() || command.latin1().indexOf('/') >= 0) {
      return List.of(command);
    }
    String path = path(environment).orElse("/bin");
    List<ByteString> paths = new ArrayList<>();
    for (String directory : path.split(":", -1)) {
      paths.add(new ByteString(directory.isEmpty() ? "." : directory).plus("/").plus(command));
    }
    return paths;
  }

  private static Optional<String> path(List<ByteString> environment) {
    return environment.stream()
        .filter(variable -> variable.startsWith(PATH))
        .map(variable -> variable.latin1().substring(PATH.length()))
        .findFirst();
  }

  private static List<ByteString> words(String... words) {
    return List.of(words).stream().map(ByteString::of).toList();
  }

  private static String name(ByteString path) {
    return path.latin1().substring(path.latin1().lastIndexOf('/') + 1);
  }
}
