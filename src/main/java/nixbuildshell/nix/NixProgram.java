package nixbuildshell.nix;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import nixbuildshell.ByteString;

/**
 * Runs one of Nix's programs for what it prints. The program gets those variables that decide which
 * store it asks, and no others, so that it answers as it would answer the caller.
 *
 * @param file the executable
 * @param environment the names of the variables that the program gets
 * @param given variables with the values that the program gets instead, in ASCII
 * @param cancelled asked again and again while the program runs: whether to kill it
 */
public record NixProgram(
    Path file, Set<String> environment, Map<String, String> given, BooleanSupplier cancelled) {
  private static final String OF_NIX =
      "PATH NIX_REMOTE NIX_STORE NIX_STORE_DIR NIX_STATE_DIR NIX_LOG_DIR NIX_DAEMON_SOCKET_PATH"
          + " NIX_IGNORE_SYMLINK_STORE";

  /** The variables that say where the caller's own configuration is. */
  private static final String OF_THE_CALLER =
      " HOME XDG_CONFIG_HOME XDG_CONFIG_DIRS NIX_CONF_DIR NIX_CONFIG NIX_USER_CONF_FILES";

  /** Hides all configuration (globals.cc, users.cc): none is in a directory that is not there. */
  private static final Map<String, String> NOWHERE =
      Map.of(
          "HOME", "/var/empty/none",
          "XDG_CONFIG_HOME", "/var/empty/none",
          "XDG_CONFIG_DIRS", "/var/empty/none",
          "NIX_CONF_DIR", "/var/empty/none",
          "NIX_USER_CONF_FILES", "",
          "NIX_CONFIG", "");

  private static final long LONGEST_SECONDS = 60;
  private static final long POLL_MILLISECONDS = 100;
  private static final int LARGEST = 32 << 20;
  private static final int LARGEST_ERROR = 64 << 10;

  /** Makes something of what a program writes; it need not read to the end. */
  public interface Reader<T> {
    T read(InputStream output) throws IOException, Unanswered;
  }

  /** Says why there is no answer. */
  public static final class Unanswered extends Exception {
    private static final long serialVersionUID = 1;

    public Unanswered(String why) {
      super(why);
    }
  }

  /**
   * Finds a program as the shell does, in PATH's absolute directories.
   *
   * <p>Root's programs get no configuration of the caller's: sudo may keep another user's HOME, and
   * the configuration that Nix finds there can name code to load (the setting {@code
   * plugin-files}).
   *
   * @param cancelled see {@link NixProgram}
   */
  public static Optional<NixProgram> find(Caller caller, String name, BooleanSupplier cancelled) {
    String names = caller.isRoot() ? OF_NIX : OF_NIX + OF_THE_CALLER;
    String path = caller.environment("PATH").map(ByteString::toString).orElse("");
    for (String directory : path.split(":")) {
      Optional<Path> file = directory.startsWith("/") ? file(directory, name) : Optional.empty();
      if (file.isPresent()) {
        return Optional.of(
            new NixProgram(file.get(), Set.of(names.split(" ")), Map.of(), cancelled));
      }
    }
    return Optional.empty();
  }

  private static Optional<Path> file(String directory, String name) {
    try {
      return Optional.of(Path.of(directory, name))
          .filter(file -> Files.isExecutable(file) && Files.isRegularFile(file));
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  /** Returns the same program, which is killed when told so. */
  NixProgram stoppedBy(BooleanSupplier told) {
    return new NixProgram(file, environment, given, told);
  }

  /** Returns the same program without any configuration: no file of settings is there to read. */
  NixProgram unconfigured() {
    return new NixProgram(file, environment, NOWHERE, cancelled);
  }

  /** Asks {@code nix} for its settings. */
  public NixSettings settings() throws Unanswered {
    String[] words = {"--extra-experimental-features", "nix-command"};
    try {
      return NixSettings.parse(run(List.of(words[0], words[1], "show-config")));
    } catch (Unanswered e) {
      // Nix 2.20 renamed the command, and will drop the old name.
      return NixSettings.parse(run(List.of(words[0], words[1], "config", "show")));
    }
  }

  /**
   * Runs the program with an empty stdin.
   *
   * @return what it wrote to stdout
   * @throws Unanswered when it fails, takes longer than a minute or writes more than 32 MiB
   * @throws CancellationException when {@code cancelled} said so; the program has been killed
   */
  public ByteString run(List<String> arguments) throws Unanswered {
    return ByteString.of(run(arguments, this::whole));
  }

  private byte[] whole(InputStream output) throws IOException, Unanswered {
    byte[] said = output.readNBytes(LARGEST + 1);
    if (said.length > LARGEST) {
      throw new Unanswered(file + " wrote more than 32 MiB");
    }
    return said;
  }

  /**
   * Runs the program with an empty stdin.
   *
   * @return what the reader makes of its stdout
   * @throws Unanswered when it fails or takes longer than a minute
   * @throws CancellationException when {@code cancelled} said so; the program has been killed
   */
  public <T> T run(List<String> arguments, Reader<T> reader) throws Unanswered {
    ProcessBuilder builder = builder(arguments);
    // Variables that stay keep their bytes; those that are put would be spelled by the locale.
    Map<String, String> inherited = builder.environment();
    inherited.keySet().retainAll(environment);
    inherited.putAll(given);
    Process process = start(builder);
    try {
      return answer(process, reader);
    } finally {
      kill(process);
    }
  }

  private ProcessBuilder builder(List<String> arguments) {
    List<String> command = new ArrayList<>(List.of(file.toString()));
    command.addAll(arguments);
    return new ProcessBuilder(command)
        .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")));
  }

  private Process start(ProcessBuilder builder) throws Unanswered {
    try {
      return builder.start();
    } catch (IOException e) {
      throw new Unanswered("cannot run " + file + ": " + e.getMessage());
    }
  }

  /** To look for descendants reads all of /proc. */
  private static void kill(Process process) {
    if (!process.isAlive()) {
      return;
    }
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  /**
   * Runs the program as if the caller had typed it: with the caller's stderr and environment, and
   * as long as it takes. Root's programs get what {@link #find} says; stdin is empty unless it is a
   * terminal.
   *
   * @return what it wrote to stdout
   * @throws Unanswered when it fails or writes more than 32 MiB
   * @throws CancellationException when {@code cancelled} said so; the program has been killed
   */
  public ByteString show(Caller caller, List<String> arguments) throws Unanswered {
    ProcessBuilder builder = builder(arguments);
    if (caller.isRoot()) {
      builder.environment().keySet().retainAll(environment);
    }
    if (caller.hasTerminal(0)) {
      builder.redirectInput(ProcessBuilder.Redirect.INHERIT);
    }
    Process process = start(builder.redirectError(ProcessBuilder.Redirect.INHERIT));
    try {
      byte[] said = await(reading(process.getInputStream(), this::whole), Long.MAX_VALUE);
      await(process.onExit(), Long.MAX_VALUE);
      if (process.exitValue() != 0) {
        throw new Unanswered(file + " failed with status " + process.exitValue());
      }
      return ByteString.of(said);
    } catch (TimeoutException | ExecutionException | InterruptedException e) {
      throw unanswered(e);
    } finally {
      kill(process);
    }
  }

  private <T> T answer(Process process, Reader<T> reader) throws Unanswered {
    CompletableFuture<byte[]> errors =
        reading(process.getErrorStream(), stream -> stream.readNBytes(LARGEST_ERROR));
    CompletableFuture<T> output = reading(process.getInputStream(), reader);
    try {
      T said = await(output, LONGEST_SECONDS);
      await(process.onExit(), LONGEST_SECONDS);
      if (process.exitValue() != 0) {
        throw new Unanswered(failure(process.exitValue(), errors.get(1, TimeUnit.SECONDS)));
      }
      return said;
    } catch (TimeoutException | ExecutionException | InterruptedException e) {
      throw unanswered(e);
    }
  }

  private Unanswered unanswered(Exception e) {
    if (e instanceof TimeoutException) {
      return new Unanswered(file + " took longer than " + LONGEST_SECONDS + " seconds");
    } else if (e instanceof InterruptedException) {
      Thread.currentThread().interrupt();
      return new Unanswered(file + " was interrupted");
    }
    return e.getCause() instanceof Unanswered why
        ? why
        : new Unanswered("cannot read what " + file + " writes: " + e.getCause().getMessage());
  }

  private <T> T await(CompletableFuture<T> future, long seconds)
      throws ExecutionException, InterruptedException, TimeoutException {
    long start = System.nanoTime();
    long longest = TimeUnit.SECONDS.toNanos(seconds);
    while (true) {
      if (cancelled.getAsBoolean()) {
        throw new CancellationException();
      }
      try {
        return future.get(POLL_MILLISECONDS, TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        if (System.nanoTime() - start >= longest) {
          throw e;
        }
      }
    }
  }

  /** Reads in a thread, and reads on to the end, so that the program does not wait. */
  private static <T> CompletableFuture<T> reading(InputStream stream, Reader<T> reader) {
    CompletableFuture<T> read = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try (stream) {
                read.complete(reader.read(stream));
                stream.transferTo(OutputStream.nullOutputStream());
              } catch (IOException | Unanswered | RuntimeException e) {
                read.completeExceptionally(e);
              }
            },
            "output of Nix");
    thread.setDaemon(true);
    thread.start();
    return read;
  }

  /** Returns the first line that begins with "error:", else the last. */
  private String failure(int status, byte[] errors) {
    String line =
        new String(errors, StandardCharsets.ISO_8859_1)
            .lines()
            .filter(each -> !each.isBlank())
            .reduce((earlier, later) -> earlier.startsWith("error:") ? earlier : later)
            .orElse("status " + status);
    return file + " failed: " + new ByteString(line.strip()).abridged(300);
  }
}
