package nixbuildshell.capture;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.Malformed;
import nixbuildshell.store.DerivationFinder.Found;

/** Finds the shell in a derivation's builder: the builder itself, or what interprets it. */
record BuilderShell(BuildShell shells) {
  /** The kernel looks no further for the interpreter either (binfmt_script.c). */
  private static final int LONGEST_FIRST_LINE = 256;

  private static final Pattern INTERPRETER = Pattern.compile("#![ \t]*([^ \t\n]+)[ \t\n]");

  /**
   * The shell, if it has one.
   *
   * @throws Failure when it has one that is gone from the store
   */
  Optional<ByteString> of(Found derivation) {
    ByteString builder = derivation.derivation().builder();
    if (Shell.is(builder)) {
      return usable(builder, builder + ", the builder of " + derivation.describe());
    }
    return interpreter(builder)
        .filter(Shell::is)
        .flatMap(shell -> usable(shell, shell + ", which runs the builder " + builder));
  }

  private Optional<ByteString> usable(ByteString shell, String what) {
    if (shell.equals(Shell.SYSTEM)) {
      return Optional.of(shell);
    }
    try {
      shells.check(shell);
      return Optional.of(shell);
    } catch (BuildShell.Refused e) {
      if (e.remedy().isEmpty()) {
        return Optional.empty();
      }
      throw new Failure("cannot use " + what, e.getMessage(), e.remedy());
    }
  }

  private Optional<ByteString> interpreter(ByteString script) {
    try {
      shells.check(script);
      try (InputStream in = Files.newInputStream(shells.store().locate(script))) {
        byte[] start = in.readNBytes(LONGEST_FIRST_LINE);
        Matcher line = INTERPRETER.matcher(new String(start, StandardCharsets.ISO_8859_1));
        return line.lookingAt() ? Optional.of(new ByteString(line.group(1))) : Optional.empty();
      }
    } catch (BuildShell.Refused | Malformed | IOException e) {
      // Then it is no script that could be run.
      return Optional.empty();
    }
  }
}
