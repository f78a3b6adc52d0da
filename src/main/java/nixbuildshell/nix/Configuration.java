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
import nixbuildshell.ByteString;

/**
 * Holds what a Nix program of the caller's would read: its configuration, but for what is compiled
 * in. To read that takes none of the tool's own system calls, so it can be done before there is a
 * binding to the kernel.
 *
 * @param settings the files that can set something, in Nix's order, then NIX_CONFIG (globals.cc,
 *     {@code loadConfFile})
 * @param nix the program {@code nix}; empty where there is none
 * @param identity names the program by what changes with it; empty when that cannot be read
 */
public record Configuration(
    NixSettings settings, Optional<NixProgram> nix, Optional<ByteString> identity) {
  /** Reads the files. */
  public static Configuration read(Caller caller) {
    Optional<NixProgram> nix = NixProgram.find(caller, "nix", () -> false);
    return new Configuration(
        new Reading(caller).settings(), nix, nix.flatMap(found -> identity(found.file())));
  }

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

  private record Reading(Caller caller) {
    NixSettings settings() {
      NixSettings all = NixSettings.NONE;
      for (Path file : files()) {
        all = all.plus(file);
      }
      return all.plus(caller.environment("NIX_CONFIG"));
    }

    /** Lists the files, the most important one last. */
    private List<Path> files() {
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
}
