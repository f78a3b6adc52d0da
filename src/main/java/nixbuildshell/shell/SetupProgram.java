package nixbuildshell.shell;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import nixbuildshell.ByteString;
import nixbuildshell.capture.Shell;
import nixbuildshell.sandbox.Program;

/**
 * Makes the program that sources stdenv's {@code setup} as the builder did. The program reads
 * {@link #VARIABLES} in the build directory and leaves its results there.
 */
public final class SetupProgram {
  /** Has the builder's environment before; after, what setup exported, as stdenv writes it. */
  public static final ByteString VARIABLES = ByteString.of("env-vars");

  /** Has all of the shell that sourced setup: variables, arrays, functions and options. */
  public static final ByteString ENVIRONMENT = ByteString.of(".nix-build-shell.bash");

  /** Is there when setup failed, or when there was none. */
  public static final ByteString FAILED = ByteString.of(".nix-build-shell.failed");

  /** The script runs the text of state.sh at its end. */
  private static final ByteString TELL_FAILURE =
      ByteString.of(
          "\n[[ -z $_nixBuildShellWhy && -r $_nixBuildShellSetup ]]"
              + " || builtin : >|\"$_nixBuildShellDirectory/"
              + FAILED
              + "\"\n");

  private SetupProgram() {}

  /**
   * Returns the program.
   *
   * @param start has the build's bash
   * @param builder the builder's arguments, argv[0] first
   * @param directory the build directory, as seen from inside
   */
  public static Program of(Start start, List<ByteString> builder, String directory) {
    Shell shell = start.shell().orElseThrow();
    List<ByteString> arguments = new ArrayList<>(shell.words());
    arguments.add(ByteString.of("-c"));
    arguments.add(resource("rebuild.bash"));
    arguments.add(ByteString.of("nix-build-shell"));
    arguments.add(ByteString.of(directory));
    arguments.add(resource("state.sh").plus(TELL_FAILURE));
    arguments.addAll(builder.subList(Math.min(1, builder.size()), builder.size()));
    return new Program(
        List.of(shell.path()), arguments, start.environment(), directory, false, false);
  }

  /** Returns a script that the jar has, byte for byte. */
  static ByteString resource(String name) {
    try (InputStream in = SetupProgram.class.getResourceAsStream(name)) {
      return new ByteString(new String(in.readAllBytes(), StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
