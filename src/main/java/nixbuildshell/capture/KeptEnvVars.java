package nixbuildshell.capture;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.Malformed;
import nixbuildshell.files.FileContent;
import nixbuildshell.store.DerivationFinder;
import nixbuildshell.store.Evidence;
import nixbuildshell.store.StoreDirectory;
import nixbuildshell.store.StorePath;

/** Reads the {@code env-vars} of a kept directory. */
record KeptEnvVars(Evidence kept, BuildShell shells) {
  static final String NAME = "env-vars";
  private static final int SHOWN = 200;
  private static final int LARGEST = 16 << 20;

  /** Says why the shell cannot source {@code env-vars}. */
  static final class Unusable extends Exception {
    private static final long serialVersionUID = 1;
    private final boolean odd;
    private final String remedy;

    private Unusable(String reason, boolean odd, String remedy) {
      super(reason);
      this.odd = odd;
      this.remedy = remedy;
    }

    /** Decides whether no build leaves such a file; then only {@code --drv} passes over it. */
    boolean isOdd() {
      return odd;
    }

    String remedy() {
      return remedy;
    }
  }

  EnvVars read() throws Unusable {
    FileContent reading = kept.read(NAME, LARGEST);
    if (reading instanceof FileContent.Bytes content) {
      try {
        return EnvVars.parse(content.bytes());
      } catch (Malformed e) {
        throw odd("it is malformed, " + e.getMessage());
      }
    } else if (reading instanceof FileContent.NotRegular
        || reading instanceof FileContent.TooLarge) {
      throw odd(reading.why());
    }
    throw new Unusable(reading.why(), false, "");
  }

  private static Unusable odd(String reason) {
    return new Unusable(reason, true, "to do without it, " + DerivationFinder.REMEDY);
  }

  /** Returns its SHELL; empty when that is unset or no shell. */
  Optional<Fact<ByteString>> shell(EnvVars env) throws Unusable {
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
    return named.map(shell -> new Fact<>(shell, Fact.Source.ENV_VARS));
  }

  /** Returns the variables that {@code outputs} lists; without a list stdenv takes {@code out}. */
  static Map<String, Fact<StorePath>> outputs(EnvVars env, StoreDirectory store) {
    List<ByteString> names =
        env.get("outputs").map(ByteString::words).orElse(List.of(ByteString.of("out")));
    Map<String, Fact<StorePath>> outputs = new LinkedHashMap<>();
    for (ByteString name : names) {
      env.get(name.latin1())
          .flatMap(path -> output(path, store))
          .ifPresent(path -> outputs.put(name.latin1(), new Fact<>(path, Fact.Source.ENV_VARS)));
    }
    return outputs;
  }

  private static Optional<StorePath> output(ByteString text, StoreDirectory store) {
    try {
      return Optional.of(store.parse(text)).filter(path -> !path.isChroot());
    } catch (Malformed e) {
      return Optional.empty();
    }
  }

  /** Decides whether the caller cannot read a file that Nix had made for the builder. */
  boolean hidesBuilderFiles(EnvVars env) {
    return BuilderFile.namesFor(env::get).stream()
        .anyMatch(name -> kept.read(name, LARGEST) instanceof FileContent.Unreadable);
  }
}
