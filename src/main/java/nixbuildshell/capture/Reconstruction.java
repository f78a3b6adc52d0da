package nixbuildshell.capture;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.capture.DerivationFinder.Found;
import nixbuildshell.capture.DerivationFinder.How;

/**
 * Puts together what is known of a failed build: each fact from the manifest, or else from {@code
 * env-vars}, or else from the derivation; the environment from the latter two.
 */
public final class Reconstruction {
  private static final String ENV_VARS = "env-vars";
  private static final String NO_SHELL = "env-vars has no SHELL";
  private static final int SHOWN = 200;
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
  private final ManifestSource written;
  private final Optional<Manifest> manifest;
  private final List<Note> notes = new ArrayList<>();

  private Reconstruction(Evidence kept, Options options, DerivationFinder finder) {
    this.kept = kept;
    this.options = options;
    this.finder = finder;
    this.shells = new BuildShell(finder.store());
    this.given = options.derivation().map(finder::given);
    this.written = new ManifestSource(kept, shells, notes);
    this.manifest = written.manifest();
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
    } else if (reading instanceof Evidence.NotRegular || reading instanceof Evidence.TooLarge) {
      throw odd(reading.why());
    }
    throw new Unusable(reading.why(), false, "");
  }

  private static Unusable odd(String reason) {
    return new Unusable(reason, true, "to do without it, " + DerivationFinder.REMEDY);
  }

  private FailedBuild fromEnvVars(EnvVars env) throws Unusable {
    Map<String, Known<StorePath>> outputs = written.outputs();
    if (outputs.isEmpty()) {
      outputs = Facts.outputs(env);
    }
    Optional<Known<ByteString>> shell = written.shell();
    if (shell.isEmpty()) {
      shell = shellIn(env);
    }
    Optional<Found> found = given;
    if (shell.isEmpty()) {
      found = found.isPresent() ? found : find(outputs);
      shell =
          Optional.of(new Known<>(builder(required(found, NO_SHELL), NO_SHELL), Source.DERIVATION));
      notes.add(Note.detail("SHELL is the builder of " + found.orElseThrow().describe()));
    }
    if (found.isEmpty() && FixedOutput.isClaimed(manifest, Optional.of(env))) {
      found = findIfOnlyOne(outputs);
    }
    if (found.isPresent()) {
      compare(outputs, found.get());
    }
    return failedBuild(Optional.of(env), found, shell.get(), new FailedBuild.Kept(), outputs);
  }

  private FailedBuild failedBuild(
      Optional<EnvVars> env,
      Optional<Found> found,
      Known<ByteString> shell,
      FailedBuild.Environment environment,
      Map<String, Known<StorePath>> known) {
    UidRange.refuse(kept, env, found);
    Map<String, Known<StorePath>> outputs = known.isEmpty() ? Facts.outputs(found) : known;
    FixedOutput fixedOutput =
        FixedOutput.of(FixedOutput.isClaimed(manifest, env), found, kept, finder);
    Optional<Known<ByteString>> top = Facts.unsandboxedTop(manifest, env);
    return new FailedBuild(
        Facts.name(manifest, env, found, kept),
        shell,
        environment,
        outputs,
        Facts.derivation(found),
        Facts.system(manifest, env, found),
        fixedOutput.known(),
        fixedOutput.doubt(),
        top,
        top.isPresent()
            ? Optional.empty()
            : written.storePaths(shell.value(), Facts.paths(outputs)),
        manifest,
        notes);
  }

  private Optional<Known<ByteString>> shellIn(EnvVars env) throws Unusable {
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

  /** For where it is not needed: that several could be it is no reason to give up then. */
  private Optional<Found> findIfOnlyOne(Map<String, Known<StorePath>> outputs) {
    try {
      return find(outputs);
    } catch (Failure e) {
      notes.add(Note.detail(e.getMessage()));
      return Optional.empty();
    }
  }

  private Optional<Found> find(Map<String, Known<StorePath>> outputs) {
    Optional<Found> found = finder.find(kept, Facts.paths(outputs));
    return found.map(
        derivation ->
            derivation.how() == How.OUTPUT_PATH && !written.outputs().isEmpty()
                ? new Found(derivation.path(), derivation.derivation(), How.MANIFEST_OUTPUT_PATH)
                : derivation);
  }

  private void compare(Map<String, Known<StorePath>> outputs, Found found) {
    Set<StorePath> paths = Facts.paths(outputs);
    if (!paths.isEmpty()
        && found.derivation().outputPaths().values().stream().noneMatch(paths::contains)) {
      notes.add(
          Note.warning(
              outputs.values().iterator().next().source()
                  + " has other outputs than "
                  + found.describe()
                  + "; the variables in env-vars are used all the same"));
    }
  }

  private FailedBuild fromDerivation(Unusable why) {
    Optional<Found> found = given.isPresent() ? given : find(written.outputs());
    String reason = "of env-vars, " + why.getMessage() + written.appendix();
    Found source = required(found, reason);
    Known<ByteString> shell =
        written.shell().orElseGet(() -> new Known<>(builder(source, reason), Source.DERIVATION));
    Derivation derivation = source.derivation();
    RebuiltEnvVars envVars = RebuiltEnvVars.of(derivation, shell.value(), options.cores());
    String rebuilt = "env-vars is rebuilt from " + source.describe();
    if (why.odd) {
      notes.add(Note.warning(rebuilt + " because " + why.getMessage()));
    } else {
      notes.add(Note.warning(rebuilt));
      notes.add(Note.detail("the kept env-vars: " + why.getMessage()));
    }
    noteWhatIsMissing(derivation, envVars);
    return failedBuild(
        Optional.empty(), found, shell, new FailedBuild.Rebuilt(envVars), written.outputs());
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

  private Found required(Optional<Found> found, String why) {
    return found.orElseThrow(
        () ->
            new Failure(
                "cannot tell what " + kept.path() + " was",
                why + ", and no derivation is found that left it",
                DerivationFinder.REMEDY));
  }

  /** The derivation's builder, when that is a bash which is there. */
  private ByteString builder(Found derivation, String why) {
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
