package nixbuildshell.store;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.files.EntryList;
import nixbuildshell.files.FileType;
import nixbuildshell.files.Listing;

/** Makes a store and a directory for build logs. */
public record TestStore(Path root) {
  public static final String BASH = "wjy2msil2glkjpnpjwipz62bw87fy4ni-bash-5.2";
  public static final String SHELL = "/nix/store/" + BASH + "/bin/bash";

  public TestStore {
    try {
      Files.createDirectories(root.resolve("store/.links"));
      Files.createDirectories(root.resolve("log/drvs"));
      Files.createDirectories(root.resolve("store/" + BASH + "/bin"));
      program(root.resolve("store/" + BASH + "/bin/bash"));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** Makes a program, which the tool takes for a bash with line editing. */
  public static void program(Path path) throws IOException {
    Files.writeString(path, "READLINE_LINE");
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("r-xr-xr-x"));
  }

  public DerivationFinder finder() {
    return new DerivationFinder(store(root.resolve("log")), List::of);
  }

  /** Returns the store with a given directory for its build logs. */
  NixStore store(Path logs) {
    String real = root.resolve("store").toString();
    return new NixStore(
        StoreDirectory.DEFAULT, real, "/none", logs.toString(), java.util.Optional.empty());
  }

  /** Returns a hash that begins with two given characters, which name the log's folder. */
  public static String hash(String start) {
    return start + "x0igcrwfwm41wfxs0d0r1jajiz806j";
  }

  public static StorePath path(String start, String name) {
    return new StorePath(hash(start), name);
  }

  /** Returns {@code /nix/store/HASH-NAME}. */
  public static String whole(StorePath path) {
    return "/nix/store/" + path.baseName();
  }

  /** Writes a derivation that bash builds, with one output, and returns its path. */
  public StorePath derivation(String start, String name, StorePath out) throws IOException {
    return derivation(start, name, SHELL, out, Map.of());
  }

  public StorePath derivation(
      String start, String name, String builder, StorePath out, Map<String, String> more)
      throws IOException {
    Map<String, String> environment = new LinkedHashMap<>();
    environment.put("name", name);
    environment.put("out", whole(out));
    environment.putAll(more);
    String variables =
        environment.entrySet().stream()
            .map(entry -> "(\"" + entry.getKey() + "\",\"" + entry.getValue() + "\")")
            .collect(Collectors.joining(","));
    StorePath path = path(start, name + ".drv");
    write(
        path,
        "Derive([(\"out\",\"%s\",\"\",\"\")],[],[],\"x86_64-linux\",\"%s\",[],[%s])"
            .formatted(whole(out), builder, variables));
    return path;
  }

  /**
   * Writes a derivation that bash builds, whose output is fixed.
   *
   * @param variables as the file has them: {@code ("name","value")}, with commas between them
   */
  public StorePath fixedOutput(String start, String name, StorePath out, String variables)
      throws IOException {
    StorePath path = path(start, name + ".drv");
    write(
        path,
        "Derive([(\"out\",\"%s\",\"sha256\",\"ab\")],[],[],\"s\",\"%s\",[],[%s])"
            .formatted(whole(out), SHELL, variables));
    return path;
  }

  public void write(StorePath path, String text) throws IOException {
    Files.writeString(
        root.resolve("store").resolve(path.baseName()), text, StandardCharsets.ISO_8859_1);
  }

  /** Writes the log of a build that ended at a given moment. */
  public void log(StorePath derivation, String suffix, Instant end) throws IOException {
    String name = derivation.baseName();
    Path folder = Files.createDirectories(root.resolve("log/drvs/" + name.substring(0, 2)));
    Path log = Files.writeString(folder.resolve(name.substring(2) + suffix), "");
    Files.setLastModifiedTime(log, FileTime.from(end));
  }

  /** Returns a list of store paths that are all of one type. */
  public static EntryList list(FileType type, StorePath... paths) {
    return EntryList.of(
        Stream.of(paths)
            .map(path -> new Listing.Entry(ByteString.of(path.baseName()), type))
            .toList());
  }
}
