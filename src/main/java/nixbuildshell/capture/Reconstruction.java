package nixbuildshell.capture;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.capture.DerivationFinder.Found;

/** Puts together what is known of a failed build: {@code env-vars} first, then the derivation. */
public final class Reconstruction {
  private static final String ENV_VARS = "env-vars";
  private static final long LARGEST_ENV_VARS = 16 << 20;

  /**
   * @param derivation what {@code --drv} says
   * @param cores for NIX_BUILD_CORES, where it has to be rebuilt
   */
  public record Options(Optional<ByteString> derivation, int cores) {}

  /** Why {@code env-vars} is not what the shell will source. */
  private static final class Unusable extends Exception {
    private static final long serialVersionUID = 1;

    /** Nothing that a build does by itself: told to the person, unless he gave the derivation. */
    private final boolean odd;

    private final String remedy;

    Unusable(String reason, boolean odd, String remedy) {
      super(reason);
      this.odd = odd;
      this.remedy = remedy;
    }
  }

  private final Evidence kept;
  private final Options options;
  private final DerivationFinder finder;
  private final BuildShell shells;
  private final Optional<Found> given;
  private final List<Note> notes = new ArrayList<>();

  private Reconstruction(Evidence kept, Options options, DerivationFinder finder) {
    this.kept = kept;
    this.options = options;
    this.finder = finder;
    this.shells = new BuildShell(finder.store());
    this.given = options.derivation().map(finder::given);
  }

  /**
   * Reads the sources, as few as will do: with a usable {@code env-vars} neither the store nor the
   * logs are searched.
   *
   * @throws Failure when they do not suffice, or when one is not what a build leaves
   */
  public static FailedBuild of(Evidence kept, Options options, DerivationFinder finder) {
    return new Reconstruction(kept, options, finder).build();
  }

  private FailedBuild build() {
    try {
      return fromEnvVars(readEnvVars());
    } catch (Unusable e) {
      if (e.odd && given.isEmpty()) {
        throw new Failure("cannot use " + kept.path() + "/" + ENV_VARS, e.getMessage(), e.remedy);
      }
      return fromDerivation(e);
    }
  }

  private EnvVars readEnvVars() throws Unusable {
    Evidence.Reading reading = kept.read(ENV_VARS, LARGEST_ENV_VARS);
    if (reading instanceof Evidence.Content content) {
      try {
        return EnvVars.parse(content.bytes());
      } catch (Malformed e) {
        throw odd("it is malformed, " + e.getMessage());
      }
    } else if (reading instanceof Evidence.NotRegular other) {
      throw odd("it is " + other.kind() + ", not a regular file");
    } else if (reading instanceof Evidence.TooLarge large) {
      throw odd("it has " + large.size() + " bytes, more than 16 MiB");
    } else if (reading instanceof Evidence.Unreadable unreadable) {
      throw new Unusable("it is not readable: " + unreadable.errno(), false, "");
    }
    throw new Unusable("it does not exist", false, "");
  }

  private static Unusable odd(String reason) {
    return new Unusable(reason, true, "to do without it, " + DerivationFinder.REMEDY);
  }

  private FailedBuild fromEnvVars(EnvVars env) throws Unusable {
    Map<String, Known<StorePath>> outputs = Facts.outputs(env);
    Optional<ByteString> named = env.get("SHELL").filter(path -> !BuildShell.isNoShell(path));
    Optional<Found> found = given;
    if (named.isEmpty() && found.isEmpty()) {
      found = finder.find(kept, Facts.paths(outputs));
    }
    Known<ByteString> shell =
        named.isPresent()
            ? new Known<>(checked(named.get()), Source.ENV_VARS)
            : new Known<>(builder(found, "env-vars has no SHELL"), Source.DERIVATION);
    if (named.isEmpty()) {
      notes.add(Note.detail("SHELL is the builder of " + found.orElseThrow().describe()));
    }
    found.ifPresent(derivation -> compare(outputs, derivation));
    Optional<Known<ByteString>> top = Facts.unsandboxedTop(env);
    top.ifPresent(
        path ->
            notes.add(
                Note.warning(
                    "NIX_BUILD_TOP was "
                        + path.value()
                        + ", not /build: the build had no sandbox, and paths in its environment"
                        + " point there")));
    return new FailedBuild(
        Facts.name(Optional.of(env), found, kept),
        shell,
        new FailedBuild.Kept(),
        outputs.isEmpty() ? Facts.outputs(found) : outputs,
        Facts.derivation(found),
        Facts.system(Optional.of(env), found),
        Facts.fixedOutput(found),
        top,
        notes);
  }

  private ByteString checked(ByteString shell) throws Unusable {
    try {
      shells.check(shell);
      return shell;
    } catch (BuildShell.Refused e) {
      String reason = "its SHELL '" + shell + "' cannot be used: " + e.getMessage();
      throw e.remedy().isEmpty() ? odd(reason) : new Unusable(reason, true, e.remedy());
    }
  }

  private void compare(Map<String, Known<StorePath>> outputs, Found found) {
    Set<StorePath> paths = Facts.paths(outputs);
    if (!paths.isEmpty()
        && found.derivation().outputPaths().values().stream().noneMatch(paths::contains)) {
      notes.add(
          Note.warning(
              "env-vars has other outputs than "
                  + found.describe()
                  + "; its variables are used all the same"));
    }
  }

  private FailedBuild fromDerivation(Unusable why) {
    Optional<Found> found = given.isPresent() ? given : finder.find(kept, Set.of());
    ByteString shell = builder(found, "of env-vars, " + why.getMessage());
    Derivation derivation = found.orElseThrow().derivation();
    RebuiltEnvVars envVars = RebuiltEnvVars.of(derivation, shell, options.cores());
    String rebuilt = "env-vars is rebuilt from " + found.get().describe();
    if (why.odd) {
      notes.add(Note.warning(rebuilt + " because " + why.getMessage()));
    } else {
      notes.add(Note.warning(rebuilt));
      notes.add(Note.detail("the kept env-vars: " + why.getMessage()));
    }
    noteWhatIsMissing(derivation, envVars);
    return new FailedBuild(
        Facts.name(Optional.empty(), found, kept),
        new Known<>(shell, Source.DERIVATION),
        new FailedBuild.Rebuilt(envVars),
        Facts.outputs(found),
        Facts.derivation(found),
        Facts.system(Optional.empty(), found),
        Facts.fixedOutput(found),
        Optional.empty(),
        notes);
  }

  private void noteWhatIsMissing(Derivation derivation, RebuiltEnvVars envVars) {
    if (derivation.hasStructuredAttributes()) {
      notes.add(Note.warning("structured attributes are not rebuilt: see /build/.attrs.sh"));
    }
    if (derivation.outputPaths().size() < derivation.outputs().size()) {
      notes.add(Note.warning("output paths that Nix computes after the build are placeholders"));
    }
    if (!envVars.undeclarable().isEmpty()) {
      notes.add(Note.detail("bash cannot declare " + envVars.undeclarable().keySet()));
    }
  }

  /** The derivation's builder, when that is a bash which is there. */
  private ByteString builder(Optional<Found> found, String why) {
    Found derivation =
        found.orElseThrow(
            () ->
                new Failure(
                    "cannot tell what " + kept.path() + " was",
                    why + ", and no derivation is found that left it",
                    DerivationFinder.REMEDY));
    ByteString builder = derivation.derivation().builder();
    if (!BuildShell.isBash(builder)) {
      throw new Failure(
          "no shell is known for " + kept.path(),
          why + ", and the builder of " + derivation.describe() + ", " + builder + ", is no bash",
          "if env-vars is there but not readable, root can read it");
    }
    try {
      shells.check(builder);
      return builder;
    } catch (BuildShell.Refused e) {
      throw new Failure(
          "cannot use " + builder + ", the builder of " + derivation.describe(),
          e.getMessage(),
          e.remedy());
    }
  }
}
