package nixbuildshell.capture;

import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.Malformed;
import nixbuildshell.store.DerivationFinder;
import nixbuildshell.store.Evidence;

/** The {@code env-vars} in a kept directory as a source of facts. */
record EnvVarsSource(Evidence kept, BuildShell shells) {
  static final String NAME = "env-vars";
  private static final int SHOWN = 200;
  private static final long LARGEST = 16 << 20;

  /** Why {@code env-vars} is not what the shell will source. */
  static final class Unusable extends Exception {
    private static final long serialVersionUID = 1;
    private final boolean odd;
    private final String remedy;

    private Unusable(String reason, boolean odd, String remedy) {
      super(reason);
      this.odd = odd;
      this.remedy = remedy;
    }

    /** Nothing that a build does by itself: told to the person, unless he gave the derivation. */
    boolean isOdd() {
      return odd;
    }

    String remedy() {
      return remedy;
    }
  }

  EnvVars read() throws Unusable {
    Evidence.Reading reading = kept.read(NAME, LARGEST);
    if (reading instanceof Evidence.Content content) {
      try {
        return EnvVars.parse(content.bytes());
      } catch (Malformed e) {
        throw odd("it is malformed, " + e.getMessage());
      }
    } else if (reading instanceof Evidence.NotRegular || reading instanceof Evidence.TooLarge) {
      throw odd(reading.why());
    }
    throw new Unusable(reading.why(), false, "");
  }

  /** The file, once more. */
  ByteString text() {
    return kept.read(NAME, LARGEST) instanceof Evidence.Content content
        ? ByteString.of(content.bytes())
        : ByteString.EMPTY;
  }

  private static Unusable odd(String reason) {
    return new Unusable(reason, true, "to do without it, " + DerivationFinder.REMEDY);
  }

  /** Its SHELL, unless that says nothing. */
  Optional<Known<ByteString>> shell(EnvVars env) throws Unusable {
    Optional<ByteString> named = env.get("SHELL").filter(path -> !BuildShell.isNoShell(path));
    if (named.isPresent()) {
      try {
        shells.check(named.get());
      } catch (BuildShell.Refused e) {
        String reason =
            "its SHELL '" + named.get().abridged(SHOWN) + "' cannot be used: " + e.getMessage();
        throw e.remedy().isEmpty() ? odd(reason) : new Unusable(reason, true, e.remedy());
      }
    }
    return named.map(shell -> new Known<>(shell, Source.ENV_VARS));
  }

  /** Whether a file that Nix had made for the builder is there and closed to the caller. */
  boolean hidesBuilderFiles(EnvVars env) {
    return BuilderFile.namesFor(env).stream()
        .anyMatch(name -> kept.read(name, LARGEST) instanceof Evidence.Unreadable);
  }
}
