package nixbuildshell.view;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.Malformed;
import nixbuildshell.capture.Shell;
import nixbuildshell.nix.Caller;
import nixbuildshell.nix.NixProgram;
import nixbuildshell.sandbox.HostPath;
import nixbuildshell.sandbox.StoreView;
import nixbuildshell.store.NixStore;
import nixbuildshell.store.StorePath;

/**
 * Chooses the bash in which the caller types. stdenv's has neither line editing nor a history, so
 * another bash may come into the sandbox, with what it needs and for the caller alone: it is not on
 * the PATH.
 *
 * @param ofTheHost the places of the host's, of which a static one can run in a sandbox
 */
public record InteractiveBash(
    Caller caller, NixStore nix, StoreLookup lookup, List<Path> ofTheHost) {
  /** Names the variable by which the tool's package says where its own bash is. */
  public static final String PACKAGED = "NIX_BUILD_SHELL_BASH";

  /** Says what to do where no such bash is found. */
  public static final String REMEDY =
      "no bash with line editing and a history is found: install Debian's bash-static, or name one"
          + " of the store with "
          + PACKAGED
          + "=/nix/store/…-bash-interactive-…/bin/bash";

  /** Where the sandbox shows a bash of the host; no PATH leads there. */
  private static final ByteString MOUNTED = ByteString.of("/dev/.nix-build-shell/bash");

  private static final List<String> OF_NIXOS = List.of("/run/current-system/sw/bin/bash");

  /** Where Debian has a static bash, and where another host may have it. */
  public static final List<Path> OF_THE_HOST =
      List.of(Path.of("/bin/bash-static"), Path.of("/bin/bash"));

  /** The places of terminfo(5), and in them the file for {@code xterm-256color}. */
  private static final List<String> TERMINALS =
      List.of("/usr/share/terminfo", "/lib/terminfo", "/etc/terminfo");

  private static final String TERMINAL = "/x/xterm-256color";

  /** The name of a variable of readline's, which a bash without line editing does not have. */
  private static final String MARK = "READLINE_LINE";

  private static final int LARGEST = 16 << 20;
  private static final int PIECE = 1 << 16;
  private static final int PROGRAM_INTERPRETER = 3;

  /**
   * Holds the choice.
   *
   * @param bash its path, as seen from inside
   * @param edits whether it has line editing; else it is the build's own
   * @param store what the sandbox shows of the store, with what the bash needs
   * @param mounts the bash, where it comes from the host, and what a static one lacks
   */
  public record Chosen(ByteString bash, boolean edits, StoreView store, List<HostPath> mounts) {
    public Chosen {
      mounts = List.copyOf(mounts);
    }
  }

  /**
   * Chooses: that of the tool's package, one that the build has, one of the caller's in the store,
   * and a static one of the host.
   *
   * @param own the build's bash
   * @param view what the sandbox shows of the store without the choice
   */
  public Chosen choose(ByteString own, StoreView view) {
    return caller
        .environment(PACKAGED)
        .flatMap(path -> shown(path.toString(), view))
        .or(() -> ofTheBuild(own, view))
        .or(() -> ofTheCaller(view))
        .or(() -> ofTheHost(view))
        .orElseGet(() -> new Chosen(own, false, view, List.of()));
  }

  private Optional<Chosen> ofTheBuild(ByteString own, StoreView view) {
    Stream<ByteString> others =
        view instanceof StoreView.Exact exact
            ? exact.paths().stream()
                .filter(path -> path.name().startsWith("bash"))
                .sorted(Comparator.comparing(path -> !path.name().contains("interactive")))
                .map(path -> ByteString.of(nix.directory().path(path) + "/bin/bash"))
            : Stream.empty();
    return Stream.concat(Stream.of(own), others)
        .filter(path -> !path.equals(Shell.SYSTEM) && edits(path))
        .findFirst()
        .map(path -> new Chosen(path, true, view, terminals(path)));
  }

  /** Decides whether a program of the store has line editing. */
  private boolean edits(ByteString path) {
    try {
      nix.directory().containing(path);
      return edits(nix.locate(path));
    } catch (Malformed | IOException | InvalidPathException e) {
      return false;
    }
  }

  private Optional<Chosen> ofTheCaller(StoreView view) {
    return Stream.concat(
            caller.environment("SHELL").map(ByteString::toString).stream(), OF_NIXOS.stream())
        .filter(path -> path.endsWith("/bash"))
        .flatMap(path -> shown(path, view).stream())
        .findFirst();
  }

  /** Returns a bash that lies in the store, through links, as the choice. */
  private Optional<Chosen> shown(String path, StoreView view) {
    try {
      Path file = Path.of(path).toRealPath();
      if (!file.startsWith(Path.of(nix.real()).toRealPath()) || !edits(file)) {
        return Optional.empty();
      }
      ByteString inside = nix.logical(ByteString.of(file.toString()));
      StorePath in = nix.directory().containing(inside);
      return lookup.with(view, in).map(store -> new Chosen(inside, true, store, List.of()));
    } catch (IOException | InvalidPathException | Malformed | Failure e) {
      return Optional.empty();
    }
  }

  /**
   * Holds a bash for a build that runs.
   *
   * @param program its file on the host; it runs from memory where it needs no other file
   * @param closure the store paths that it needs; none for one that runs from memory
   */
  public record ForRunning(Path program, Set<StorePath> closure) {
    public ForRunning {
      closure = Set.copyOf(closure);
    }
  }

  /**
   * Chooses a bash for a build that runs, whose sandbox is not the tool's: that of the tool's
   * package or one of the caller's in the store, else a static one of the host.
   *
   * @param mounts whether the tool can show it store paths; else a static one is needed
   */
  public static Optional<ForRunning> forRunning(Caller caller, NixStore nix, boolean mounts) {
    Stream<String> named =
        Stream.of(PACKAGED, "SHELL")
            .flatMap(name -> caller.environment(name).map(ByteString::toString).stream());
    return Stream.concat(named, OF_NIXOS.stream())
        .filter(path -> path.endsWith("/bash"))
        .flatMap(path -> ofStore(caller, nix, path, mounts).stream())
        .findFirst()
        .or(() -> withoutStore(OF_THE_HOST).map(file -> new ForRunning(file, Set.of())));
  }

  private static Optional<ForRunning> ofStore(
      Caller caller, NixStore nix, String path, boolean mounts) {
    try {
      Path file = Path.of(path).toRealPath();
      if (!file.startsWith(Path.of(nix.real()).toRealPath()) || !edits(file)) {
        return Optional.empty();
      } else if (isStatic(file)) {
        return Optional.of(new ForRunning(file, Set.of()));
      } else if (!mounts) {
        return Optional.empty();
      }
      StorePath in = nix.directory().containing(nix.logical(ByteString.of(file.toString())));
      Optional<NixProgram> nixStore = NixProgram.find(caller, "nix-store", () -> false);
      return Optional.of(new ForRunning(file, new Tools(nix, List.of(in)).closure(nixStore)));
    } catch (IOException | InvalidPathException | Malformed | Failure e) {
      return Optional.empty();
    }
  }

  /** Returns a bash of the host's that has line editing and needs no other file. */
  private static Optional<Path> withoutStore(List<Path> places) {
    return places.stream().filter(file -> isStatic(file) && edits(file)).findFirst();
  }

  private Optional<Chosen> ofTheHost(StoreView view) {
    return withoutStore(ofTheHost)
        .map(
            file -> {
              ByteString source = ByteString.of(file.toString());
              List<HostPath> mounts = new ArrayList<>(terminals());
              mounts.add(new HostPath(MOUNTED, source, false, true));
              return new Chosen(MOUNTED, true, view, mounts);
            });
  }

  /** Returns what a bash of the store lacks: a static one has no closure to describe terminals. */
  private List<HostPath> terminals(ByteString path) {
    try {
      return isStatic(nix.locate(path)) ? terminals() : List.of();
    } catch (Malformed | IOException e) {
      return List.of();
    }
  }

  /** Returns the host's description of the terminal that Nix tells every build to have. */
  private static List<HostPath> terminals() {
    return TERMINALS.stream()
        .map(directory -> directory + TERMINAL)
        .filter(file -> Files.isRegularFile(Path.of(file)))
        .findFirst()
        .map(
            file ->
                new HostPath(
                    ByteString.of("/etc/terminfo" + TERMINAL), ByteString.of(file), false, true))
        .stream()
        .toList();
  }

  /**
   * Searches a program piece by piece, for it has megabytes and the tool waits with what it read.
   * Each piece begins with the end of the one before.
   */
  static boolean edits(Path file) {
    if (!Files.isRegularFile(file)) {
      return false;
    }
    byte[] piece = new byte[MARK.length() + PIECE];
    try (InputStream in = Files.newInputStream(file)) {
      for (int done = 0; done < LARGEST; done += PIECE) {
        int got = in.readNBytes(piece, MARK.length(), PIECE);
        String text = new String(piece, 0, MARK.length() + got, StandardCharsets.ISO_8859_1);
        if (got == 0 || text.contains(MARK)) {
          return got > 0;
        }
        System.arraycopy(piece, got, piece, 0, MARK.length());
      }
    } catch (IOException e) {
      // What cannot be read cannot be run either.
    }
    return false;
  }

  /**
   * Decides whether a program needs no other file: an ELF file of 64 bits without a program header
   * of the type PT_INTERP (elf(5)).
   */
  static boolean isStatic(Path file) {
    ByteBuffer elf = ByteBuffer.wrap(head(file)).order(ByteOrder.LITTLE_ENDIAN);
    if (elf.limit() < 64 || elf.getInt(0) != 0x464c457f || elf.get(4) != 2) {
      return false;
    }
    long headers = elf.getLong(32);
    int size = Short.toUnsignedInt(elf.getShort(54));
    int count = Short.toUnsignedInt(elf.getShort(56));
    for (long at = headers; at < headers + (long) count * size; at += size) {
      if (at < 0 || at + 4 > elf.limit() || elf.getInt((int) at) == PROGRAM_INTERPRETER) {
        return false;
      }
    }
    return true;
  }

  /** Returns the beginning of a file, where a program has its headers. */
  private static byte[] head(Path file) {
    if (!Files.isRegularFile(file)) {
      return new byte[0];
    }
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(PIECE);
    } catch (IOException e) {
      return new byte[0];
    }
  }
}
