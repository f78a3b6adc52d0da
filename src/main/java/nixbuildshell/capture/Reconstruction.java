package nixbuildshell.capture;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.capture.EnvVarsSource.Unusable;
import nixbuildshell.store.Derivation;
import nixbuildshell.store.DerivationFinder;
import nixbuildshell.store.DerivationFinder.Found;
import nixbuildshell.store.DerivationFinder.How;
import nixbuildshell.store.Evidence;
import nixbuildshell.store.StorePath;

/**
 * Puts together what is known of a failed build: each fact from the manifest, or else from {@code
 * env-vars}, or else from the derivation; the environment from the latter two.
 */
public final class Reconstruction {
  private static final String NO_SHELL = "env-vars has no SHELL";

  private final Evidence kept;
  private final Request options;
  private final DerivationFinder finder;
  private final Confirmation confirmation;
  private final BuilderShell builders;
  private final EnvVarsSource envVars;
  private final Optional<Found> given;
  private final ManifestSource written;
  private final Optional<Manifest> manifest;
  private final List<Note> notes = new ArrayList<>();

  private Reconstruction(Evidence kept, Request options, DerivationFinder finder) {
    this.kept = kept;
    this.options = options;
    this.finder = finder;
    this.confirmation = new Confirmation(kept, finder, options.builders());
    BuildShell shells = new BuildShell(finder.store());
    this.builders = new BuilderShell(shells);
    this.envVars = new EnvVarsSource(kept, shells);
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
  public static FailedBuild of(Evidence kept, Request options, DerivationFinder finder) {
    return new Reconstruction(kept, options, finder).build();
  }

  private FailedBuild build() {
    try {
      return fromEnvVars(envVars.read());
    } catch (Unusable e) {
      if (e.isOdd() && given.isEmpty()) {
        throw new Failure(
            "cannot use " + kept.path() + "/" + EnvVarsSource.NAME, e.getMessage(), e.remedy());
      }
      return fromDerivation(e);
    }
  }

  private FailedBuild fromEnvVars(EnvVars env) throws Unusable {
    Map<String, Known<StorePath>> outputs = written.outputs();
    if (outputs.isEmpty()) {
      outputs = Facts.outputs(env, finder.store().directory());
    }
    Optional<Known<ByteString>> shell = written.shell();
    if (shell.isEmpty()) {
      shell = envVars.shell(env);
    }
    Optional<Found> found = given;
    if (found.isEmpty()
        && (shell.isEmpty() || options.builder() || envVars.hidesBuilderFiles(env))) {
      found = find(outputs);
    }
    if (shell.isEmpty()) {
      shell = builderShell(required(found, NO_SHELL));
      if (shell.isPresent()) {
        notes.add(Note.detail("SHELL is the builder of " + found.orElseThrow().describe()));
      }
    }
    if (found.isEmpty() && Facts.wantDerivation(manifest, env)) {
      found = findIfOnlyOne(outputs);
    }
    if (found.isPresent()) {
      compare(outputs, found.get());
    }
    return failedBuild(Optional.of(env), found, shell, environment(env, found, shell), outputs);
  }

  private FailedBuild.Environment environment(
      EnvVars env, Optional<Found> found, Optional<Known<ByteString>> shell) {
    if (options.builder()) {
      return environment(required(found, "env-vars has no builder"), shell);
    }
    Map<ByteString, ByteString> impure =
        found
            .map(derivation -> BuilderEnvironment.impure(derivation.derivation(), host(derivation)))
            .orElse(Map.of());
    if (!isBash(shell)) {
      return FailedBuild.Given.of(env, impure);
    }
    return impure.isEmpty()
        ? new FailedBuild.Kept()
        : new FailedBuild.Rebuilt(RebuiltEnvVars.with(envVars.text(), impure));
  }

  private Optional<Known<ByteString>> builderShell(Found found) {
    return builders.of(found).map(shell -> new Known<>(shell, Source.DERIVATION));
  }

  private static boolean isBash(Optional<Known<ByteString>> shell) {
    return shell.filter(known -> new Shell(known.value()).isBash()).isPresent();
  }

  private FailedBuild failedBuild(
      Optional<EnvVars> env,
      Optional<Found> found,
      Optional<Known<ByteString>> shell,
      FailedBuild.Environment environment,
      Map<String, Known<StorePath>> known) {
    Map<String, Known<StorePath>> outputs = known.isEmpty() ? Facts.outputs(found) : known;
    HostNetwork network = HostNetwork.of(HostNetwork.isClaimed(manifest, env), found, confirmation);
    found
        .flatMap(derivation -> impure().withheld(derivation.derivation(), host(derivation)))
        .ifPresent(notes::add);
    Optional<Known<ByteString>> top = Facts.unsandboxedTop(manifest, env);
    return new FailedBuild(
        Facts.name(manifest, env, found, kept),
        shell,
        environment,
        outputs,
        Facts.derivation(found),
        Facts.system(manifest, env, found),
        network.known(),
        network.doubt(),
        top,
        top.isPresent()
            ? Optional.empty()
            : written.storePaths(shell.map(Known::value), Facts.paths(outputs)),
        found.map(derivation -> BuilderFile.of(derivation.derivation())).orElse(List.of()),
        call(found, shell),
        UidRange.of(kept, env, found),
        manifest,
        notes);
  }

  private Optional<BuilderCall> call(Optional<Found> found, Optional<Known<ByteString>> shell) {
    return found
        .filter(derivation -> options.builder() || shell.isEmpty())
        .map(derivation -> BuilderCall.of(derivation.derivation(), host(derivation)));
  }

  /**
   * Neither whoever wrote the kept directory nor whoever wrote the derivation may choose what is
   * let through of the environment.
   */
  private BuilderEnvironment.Host host(Found found) {
    if (found.how() == How.COMMAND_LINE) {
      return new BuilderEnvironment.Host(options.cores(), options.impure());
    }
    return new BuilderEnvironment.Host(
        options.cores(), confirmation.of(found) ? impure()::ofFetchers : name -> Optional.empty());
  }

  private ImpureVariables impure() {
    return new ImpureVariables(options.impure());
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
    Derivation derivation = found.derivation();
    if (!paths.isEmpty()
        && !derivation.isImpure()
        && !derivation.outputPaths().isEmpty()
        && derivation.outputPaths().values().stream().noneMatch(paths::contains)) {
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
    Optional<Known<ByteString>> shell = written.shell().or(() -> builderShell(source));
    FailedBuild.Environment environment = environment(source, shell);
    notes.addAll(Inexact.notes(source, environment, why));
    return failedBuild(Optional.empty(), found, shell, environment, written.outputs());
  }

  private FailedBuild.Environment environment(Found found, Optional<Known<ByteString>> shell) {
    return isBash(shell) && !options.builder()
        ? new FailedBuild.Rebuilt(
            RebuiltEnvVars.of(found.derivation(), shell.get().value(), host(found)))
        : new FailedBuild.Given(BuilderEnvironment.of(found.derivation(), host(found)));
  }

  private Found required(Optional<Found> found, String why) {
    return found.orElseThrow(
        () ->
            new Failure(
                "cannot tell what " + kept.path() + " was",
                why + ", and no derivation is found that left it",
                DerivationFinder.REMEDY));
  }
}
