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

/** Finds the shell of a derivation's builder: the builder itself, or its interpreter. */
record BuilderShell(BuildShell shells) {
  /** Bytes in which the kernel looks for the interpreter (binfmt_script.c). */
  private static final int LONGEST_FIRST_LINE = 256;

  private static final Pattern INTERPRETER = Pattern.compile("#![ \t]*([^ \t\n]+)[ \t\n]");

  /**
   * Returns the shell; empty when neither the builder nor its interpreter is a shell.
   *
   * @throws Failure when the shell is gone from the store
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

  /** Returns a builder that is a shell and can be used. */
  Optional<ByteString> itself(ByteString builder) {
    try {
      shells.check(builder);
      return Optional.of(builder).filter(Shell::is);
    } catch (BuildShell.Refused e) {
      return Optional.empty();
    }
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
      // A script that cannot be read cannot be run either.
      return Optional.empty();
    }
  }
}
