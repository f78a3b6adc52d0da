package nixbuildshell.nix;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import nixbuildshell.ByteString;
import nixbuildshell.files.Answers;
import nixbuildshell.nix.NixProgram.Unanswered;

/**
 * Reads Nix's setting {@code sandbox-paths} as Nix does: the files that can set it, in their order,
 * then NIX_CONFIG (globals.cc, {@code loadConfFile}). Only {@code nix} itself knows its compiled-in
 * default: each program is asked once, in the background.
 */
public final class SandboxPathsSetting implements AutoCloseable {
  private static final String NAME = "sandbox-paths";
  private static final String KIND = "sandbox-paths";

  private final Caller caller;
  private final Answers answers;
  private final Optional<ByteString> program;
  private final NixSettings files;

  /** Empty when the default is known, or does not matter. */
  private final Optional<Background<Optional<ByteString>>> asked;

  /** Empty until the default is known. */
  private Optional<NixSettings> known;

  /**
   * Begins to ask, and returns at once.
   *
   * @param cancelled whether to stop waiting for Nix
   */
  public SandboxPathsSetting(Caller caller, Answers answers, BooleanSupplier cancelled) {
    this.caller = caller;
    this.answers = answers;
    this.files = ofFiles(NixSettings.NONE);
    Optional<NixProgram> nix = NixProgram.find(caller, "nix", cancelled);
    this.program = nix.flatMap(found -> identity(found.file()));
    this.known =
        nix.isEmpty() || files.get(NAME).isPresent()
            ? Optional.of(files)
            : program.flatMap(question -> answers.get(KIND, question)).map(this::over);
    this.asked =
        known.isPresent()
            ? Optional.empty()
            : Optional.of(new Background<>("Nix's settings", () -> byDefault(nix.orElseThrow())));
  }

  /** Names a program by what changes with it. */
  private static Optional<ByteString> identity(Path program) {
    try {
      Path file = program.toRealPath();
      BasicFileAttributes is = Files.readAttributes(file, BasicFileAttributes.class);
      long modified = is.lastModifiedTime().to(TimeUnit.NANOSECONDS);
      return Optional.of(ByteString.of(file + "\n" + is.size() + "\n" + modified));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Returns the compiled-in value; empty when the program is too old to tell. */
  private static Optional<ByteString> byDefault(NixProgram nix) {
    try {
      return Optional.of(nix.unconfigured().settings().get(NAME).orElse(ByteString.EMPTY));
    } catch (Unanswered e) {
      return Optional.empty();
    }
  }

  /** Decides whether {@link #words} returns at once. */
  public boolean isKnown() {
    return known.isPresent();
  }

  /**
   * Returns the setting's words, and waits for them.
   *
   * @throws java.util.concurrent.CancellationException when {@code cancelled} said so
   */
  public List<ByteString> words() {
    if (known.isEmpty()) {
      Optional<ByteString> value = asked.orElseThrow().await();
      value.ifPresent(it -> program.ifPresent(question -> answers.put(KIND, question, it)));
      known = Optional.of(value.map(this::over).orElse(files));
    }
    return known.get().words(NAME, "extra-" + NAME);
  }

  /** Asks no longer: a program that still runs for the question is killed. */
  @Override
  public void close() {
    asked.ifPresent(Background::close);
  }

  private NixSettings over(ByteString byDefault) {
    return ofFiles(NixSettings.parse(ByteString.of(NAME + " = ").plus(byDefault)));
  }

  private NixSettings ofFiles(NixSettings before) {
    NixSettings all = before;
    for (Path file : configuration()) {
      all = all.plus(file);
    }
    return all.plus(caller.environment("NIX_CONFIG"));
  }

  /** Lists the files, the most important one last. */
  private List<Path> configuration() {
    List<Path> files = new ArrayList<>();
    variable("NIX_USER_CONF_FILES")
        .ifPresentOrElse(
            paths -> List.of(paths.split(":")).forEach(path -> add(files, path)),
            () -> {
              String home = home();
              add(files, variable("XDG_CONFIG_HOME").orElse(home + "/.config") + "/nix/nix.conf");
              for (String each : variable("XDG_CONFIG_DIRS").orElse("/etc/xdg").split(":")) {
                add(files, each + "/nix/nix.conf");
              }
            });
    add(files, variable("NIX_CONF_DIR").orElse(caller.etc() + "/nix") + "/nix.conf");
    Collections.reverse(files);
    return files;
  }

  private static void add(List<Path> files, String file) {
    try {
      files.add(Path.of(file));
    } catch (InvalidPathException e) {
      // A locale that cannot spell the name.
    }
  }

  /** Root takes no configuration of the caller's, as {@link NixProgram#find} gives root none. */
  private Optional<String> variable(String name) {
    Optional<ByteString> value = caller.isRoot() ? Optional.empty() : caller.environment(name);
    return value.map(ByteString::toString);
  }

  /** Returns HOME where it is the user's own or missing, as {@code getHome} in Nix's users.cc. */
  private String home() {
    return variable("HOME")
        .filter(this::isOwnOrMissing)
        .or(() -> caller.accounts().home(caller.uid()))
        .orElse("/");
  }

  private boolean isOwnOrMissing(String home) {
    try {
      return ((Integer) Files.getAttribute(Path.of(home), "unix:uid") & 0xFFFFFFFFL)
          == caller.uid();
    } catch (NoSuchFileException e) {
      return true;
    } catch (IOException | InvalidPathException e) {
      return false;
    }
  }
}
