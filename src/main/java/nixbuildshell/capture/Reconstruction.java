package nixbuildshell.capture;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.capture.BuilderEnvironment.Outside;
import nixbuildshell.capture.Fact.Source;
import nixbuildshell.capture.KeptEnvVars.Unusable;
import nixbuildshell.nix.Caller;
import nixbuildshell.store.Derivation;
import nixbuildshell.store.DerivationFinder;
import nixbuildshell.store.DerivationFinder.Found;
import nixbuildshell.store.DerivationFinder.How;
import nixbuildshell.store.Evidence;
import nixbuildshell.store.KeptName;
import nixbuildshell.store.StorePath;

/**
 * Puts together what is known of a failed build: each fact from the manifest, else from {@code
 * env-vars}, else from the derivation; the environment from the latter two.
 */
public final class Reconstruction {
  private static final String NO_SHELL = "env-vars has no SHELL";

  private final Evidence kept;
  private final Request request;
  private final DerivationFinder finder;
  private final BuilderShell builderShell;
  private final KeptEnvVars envVars;
  private final Optional<Found> given;
  private final KeptManifest written;
  private final Optional<Manifest> manifest;
  private final ImpureVariables impure;
  private final List<Note> notes = new ArrayList<>();

  /** The build's NIX_BUILD_TOP. */
  private Optional<Fact<ByteString>> top;

  private Reconstruction(Evidence kept, Request request, DerivationFinder finder) {
    this.kept = kept;
    this.request = request;
    this.finder = finder;
    BuildShell shells = new BuildShell(finder.store());
    this.builderShell = new BuilderShell(shells);
    this.envVars = new KeptEnvVars(kept, shells);
    this.given = request.derivation().map(finder::given);
    this.written = new KeptManifest(kept, shells, notes);
    this.manifest = written.manifest();
    this.impure = new ImpureVariables(request.impure(), given.isPresent());
    this.top =
        manifest
            .flatMap(known -> known.sandbox().buildTop())
            .map(told -> new Fact<>(told, Source.MANIFEST));
  }

  /**
   * Reads as few sources as suffice: with a usable {@code env-vars} it searches neither the store
   * nor the logs.
   *
   * @throws Failure when they do not suffice, or when a build does not leave such a source
   */
  public static FailedBuild of(Evidence kept, Request request, DerivationFinder finder) {
    return new Reconstruction(kept, request, finder).build();
  }

  private FailedBuild build() {
    given.flatMap(this::otherName).ifPresent(notes::add);
    try {
      return fromEnvVars(envVars.read());
    } catch (Unusable e) {
      if (e.isOdd() && given.isEmpty()) {
        throw new Failure(
            "cannot use " + kept.path() + "/" + KeptEnvVars.NAME, e.getMessage(), e.remedy());
      }
      return fromDerivation(e);
    }
  }

  /** Returns a warning when {@code --drv} has another name than the directory's. */
  private Optional<Note> otherName(Found found) {
    return KeptName.of(kept.outerName())
        .flatMap(KeptName::derivation)
        .filter(name -> !name.equals(found.name()))
        .map(
            name ->
                Note.warning(
                    "the directory is named after a build of "
                        + name
                        + ", and --drv names "
                        + found.name()
                        + ": its variables may be another build's"));
  }

  private FailedBuild fromEnvVars(EnvVars env) throws Unusable {
    top =
        top.or(
            () ->
                variable(Optional.of(env), "NIX_BUILD_TOP")
                    .map(told -> new Fact<>(told, Source.ENV_VARS)));
    Map<String, Fact<StorePath>> outputs = written.outputs();
    if (outputs.isEmpty()) {
      outputs = KeptEnvVars.outputs(env, finder.store().directory());
    }
    Optional<Fact<ByteString>> shell = written.shell();
    if (shell.isEmpty()) {
      shell = envVars.shell(env);
    }
    Optional<Found> found = given;
    if (found.isEmpty()
        && (shell.isEmpty() || request.builder() || envVars.hidesBuilderFiles(env))) {
      found = find(outputs);
    }
    if (shell.isEmpty()) {
      shell = shellOf(required(found, NO_SHELL));
      if (shell.isPresent()) {
        notes.add(Note.detail("SHELL is the builder of " + found.orElseThrow().describe()));
      }
    }
    requireKept(outputs);
    if (found.isEmpty() && needsDerivation(env)) {
      found = findIfOnlyOne(outputs);
    }
    if (found.isPresent()) {
      compare(outputs, found.get());
    }
    return failedBuild(Optional.of(env), found, shell, environment(env, found, shell), outputs);
  }

  /**
   * Requires that more than {@code env-vars} says that a build left the directory: nix-shell leaves
   * such a file in /tmp, and a copy of /tmp is no use.
   */
  private void requireKept(Map<String, Fact<StorePath>> outputs) {
    if (given.isEmpty() && !isKept(outputs)) {
      throw new Failure(
          "cannot enter " + kept.path(),
          "it does not look like a directory that Nix kept: it has an env-vars, but not the name"
              + " that Nix gives, its owner is no build user, it has no manifest, and no build log"
              + " began with it",
          "if a build left it all the same, " + DerivationFinder.REMEDY);
    }
  }

  /** Decides whether Nix's naming, the owner, the manifest or a build log makes it a kept one. */
  private boolean isKept(Map<String, Fact<StorePath>> outputs) {
    return isNamedByNix()
        || manifest.isPresent()
        || request.builds().test(kept.owner())
        || finder.hasLogFromItsStart(kept, paths(outputs));
  }

  /** Other programs give a name like Lix's too, but have no such directory in it. */
  private boolean isNamedByNix() {
    return KeptName.of(kept.outerName())
        .filter(name -> !name.isLix() || kept.path().latin1().endsWith("/" + name.inner()))
        .isPresent();
  }

  /** Decides whether the derivation alone can tell something that the build seems to have had. */
  private boolean needsDerivation(EnvVars env) {
    return HostNetwork.isClaimed(manifest, Optional.of(env))
        || UidRange.isClaimed(Optional.of(env))
        || env.get("NIX_ATTRS_JSON_FILE").isPresent();
  }

  private FailedBuild.Environment environment(
      EnvVars env, Optional<Found> found, Optional<Fact<ByteString>> shell) {
    if (request.builder()) {
      return environment(required(found, "env-vars has no builder"), shell);
    }
    Map<ByteString, ByteString> let =
        found.map(drv -> BuilderEnvironment.impure(drv.derivation(), outside())).orElse(Map.of());
    if (!isBash(shell)) {
      return FailedBuild.Given.of(env, let);
    }
    return let.isEmpty()
        ? new FailedBuild.Kept(env.text())
        : new FailedBuild.Rebuilt(RebuiltEnvVars.with(env.text(), let));
  }

  private FailedBuild fromDerivation(Unusable why) {
    Optional<ExternalBuild> external =
        given.isPresent()
            ? Optional.empty()
            : ExternalBuild.of(kept, finder.store().directory(), notes);
    Optional<Found> found =
        given.or(
            () ->
                external.isPresent() ? findIfOnlyOne(written.outputs()) : find(written.outputs()));
    if (found.isEmpty() && external.isPresent()) {
      return fromBuildJson(external.get());
    }
    Found source =
        required(
            found,
            "env-vars is unusable (" + why.getMessage() + ")" + written.appendix() + ignored());
    top = top.or(() -> new Unsandboxed(kept, request, finder).top(source));
    Optional<Fact<ByteString>> shell = written.shell().or(() -> shellOf(source));
    FailedBuild.Environment environment = environment(source, shell);
    notes.addAll(differences(source, environment, why));
    return failedBuild(Optional.empty(), found, shell, environment, written.outputs());
  }

  /** Returns what a message about missing sources adds: why build.json is ignored, or nothing. */
  private String ignored() {
    return notes.stream()
        .map(Note::text)
        .filter(text -> text.startsWith(KeptDirectory.BUILD_JSON))
        .map(text -> ", " + text)
        .collect(Collectors.joining());
  }

  /** Without a derivation, {@code build.json} has what its builder got, and nothing confirms it. */
  private FailedBuild fromBuildJson(ExternalBuild build) {
    BuilderCall call = build.call();
    Optional<Fact<ByteString>> shell =
        written.shell().or(() -> builderShell.itself(call.path()).map(ExternalBuild::fact));
    boolean sourced = isBash(shell) && !request.builder();
    FailedBuild.Environment environment =
        sourced
            ? new FailedBuild.Rebuilt(
                RebuiltEnvVars.of(
                    call.environment(), call.arguments(), shell.get().value(), Optional.empty()))
            : new FailedBuild.Given(call.environment());
    notes.add(
        Note.warning(
            "no derivation is found: the variables are those of "
                + KeptDirectory.BUILD_JSON
                + ", as external-builders left it"));
    Map<String, Fact<StorePath>> outputs = new LinkedHashMap<>();
    build.outputs().forEach((name, path) -> outputs.put(name, ExternalBuild.fact(path)));
    Optional<String> name =
        Optional.ofNullable(call.environment().get(ByteString.of("name")))
            .map(ByteString::latin1)
            .filter(StorePath::isName);
    return new FailedBuild(
        name.map(ExternalBuild::fact).orElseGet(() -> name(Optional.empty(), Optional.empty())),
        Optional.empty(),
        Optional.empty(),
        Optional.of(ExternalBuild.fact(build.system())),
        new FailedBuild.Run(
            shell,
            environment,
            BuilderFile.namesFor(
                    named -> Optional.ofNullable(call.environment().get(ByteString.of(named))))
                .stream()
                .map(BuilderFile::kept)
                .toList(),
            Optional.of(call).filter(any -> request.builder() || shell.isEmpty())),
        new FailedBuild.Store(outputs, build.seen(shell, finder.store().directory())),
        new FailedBuild.Sandbox(
            HostNetwork.of(
                HostNetwork.isClaimed(manifest, Optional.empty()),
                Optional.empty(),
                this::isConfirmed),
            Optional.empty(),
            false,
            directory()),
        manifest,
        notes);
  }

  private FailedBuild.Environment environment(Found found, Optional<Fact<ByteString>> shell) {
    return isBash(shell) && !request.builder()
        ? new FailedBuild.Rebuilt(
            RebuiltEnvVars.of(found.derivation(), shell.get().value(), outside()))
        : new FailedBuild.Given(BuilderEnvironment.of(found.derivation(), outside()));
  }

  private Optional<Fact<ByteString>> shellOf(Found found) {
    return builderShell.of(found).map(shell -> new Fact<>(shell, Source.DERIVATION));
  }

  private static boolean isBash(Optional<Fact<ByteString>> shell) {
    return shell.filter(fact -> new Shell(fact.value()).isBash()).isPresent();
  }

  /**
   * Tells how an environment from the derivation may differ from the build's.
   *
   * @param why the reason that {@code env-vars} is not used
   */
  private List<Note> differences(Found source, FailedBuild.Environment environment, Unusable why) {
    List<Note> notes = new ArrayList<>();
    boolean script = environment instanceof FailedBuild.Rebuilt;
    String rebuilt =
        (script ? "env-vars is rebuilt from " : "the variables are those of ") + source.describe();
    if (request.fresh()) {
      notes.add(Note.detail(rebuilt));
    } else if (why.isOdd()) {
      notes.add(Note.warning(rebuilt + " because " + why.getMessage()));
    } else {
      notes.add(Note.warning(rebuilt));
      notes.add(Note.detail("the kept env-vars: " + why.getMessage()));
    }
    Derivation derivation = source.derivation();
    if (derivation.outputPaths().size() < derivation.outputs().size()) {
      notes.add(
          Note.warning(
              "output paths are placeholders: "
                  + (request.fresh()
                      ? "Nix resolves this derivation to another one and builds that; fresh can"
                          + " name it, once a build has said its path"
                      : "Nix resolved this derivation to another one and built that; --drv can name"
                          + " it, where it is in the store")));
    } else if (derivation.isImpure()) {
      notes.add(Note.warning("the output had a random path, and has another path now"));
    }
    if (environment instanceof FailedBuild.Rebuilt sourced
        && !sourced.envVars().undeclarable().isEmpty()) {
      notes.add(Note.detail("bash cannot declare " + sourced.envVars().undeclarable().keySet()));
    }
    return notes;
  }

  private FailedBuild failedBuild(
      Optional<EnvVars> env,
      Optional<Found> found,
      Optional<Fact<ByteString>> shell,
      FailedBuild.Environment environment,
      Map<String, Fact<StorePath>> known) {
    Map<String, Fact<StorePath>> outputs = known.isEmpty() ? outputs(found) : known;
    HostNetwork network =
        HostNetwork.of(HostNetwork.isClaimed(manifest, env), found, this::isConfirmed);
    found.flatMap(drv -> impure.told(drv.derivation(), outside())).ifPresent(notes::add);
    Optional<Fact<ByteString>> unsandboxed = top.filter(told -> !isInSandbox(told));
    Optional<Fact<List<StorePath>>> seen =
        unsandboxed.isPresent()
            ? Optional.empty()
            : written.storePaths(shell.map(Fact::value), paths(outputs));
    Optional<BuilderCall> call =
        found
            .filter(drv -> request.builder() || shell.isEmpty())
            .map(drv -> BuilderCall.of(drv.derivation(), outside()));
    List<BuilderFile> files = found.map(drv -> BuilderFile.of(drv.derivation())).orElse(List.of());
    boolean uidRange = UidRange.of(kept, env, found, this::isConfirmed);
    return new FailedBuild(
        name(env, found),
        found.map(drv -> new Fact<>(drv.path(), source(drv.how()))),
        found.map(Found::derivation),
        system(env, found),
        new FailedBuild.Run(shell, environment, files, call),
        new FailedBuild.Store(outputs, seen),
        new FailedBuild.Sandbox(network, unsandboxed, uidRange, directory()),
        manifest,
        notes);
  }

  /** Returns what can name a file, whatever the sources say. */
  private Fact<String> name(Optional<EnvVars> env, Optional<Found> found) {
    Optional<Fact<String>> told =
        manifest
            .flatMap(Manifest::name)
            .map(name -> new Fact<>(name, Source.MANIFEST))
            .or(
                () ->
                    variable(env, "name")
                        .map(ByteString::latin1)
                        .filter(StorePath::isName)
                        .map(name -> new Fact<>(name, Source.ENV_VARS)))
            .or(() -> found.map(drv -> new Fact<>(drv.name(), source(drv.how()))));
    return told.orElseGet(() -> new Fact<>(nameOfDirectory(), Source.DIRECTORY_NAME));
  }

  private String nameOfDirectory() {
    String directory = kept.outerName().latin1();
    String fallback = StorePath.isName(directory) ? directory : "build";
    return KeptName.of(kept.outerName()).flatMap(KeptName::derivation).orElse(fallback);
  }

  private Optional<Fact<ByteString>> system(Optional<EnvVars> env, Optional<Found> found) {
    return manifest
        .flatMap(Manifest::system)
        .map(system -> new Fact<>(system, Source.MANIFEST))
        .or(() -> variable(env, "system").map(system -> new Fact<>(system, Source.ENV_VARS)))
        .or(() -> found.map(drv -> new Fact<>(drv.derivation().system(), Source.DERIVATION)));
  }

  /**
   * Decides whether a build in a sandbox has this directory; the setting may have changed since.
   */
  private boolean isInSandbox(Fact<ByteString> directory) {
    return List.of(Caller.BUILD, request.directory()).contains(directory.value().latin1());
  }

  /** Returns the build directory, as seen from inside: what the build says, else the setting. */
  private String directory() {
    return top.map(
            told ->
                isInSandbox(told) || request.places().test(told.value())
                    ? told.value().latin1()
                    : Caller.BUILD)
        .orElse(request.directory());
  }

  private static Optional<ByteString> variable(Optional<EnvVars> env, String name) {
    return env.flatMap(values -> values.get(name));
  }

  private static Map<String, Fact<StorePath>> outputs(Optional<Found> found) {
    Map<String, Fact<StorePath>> outputs = new LinkedHashMap<>();
    found
        .map(drv -> drv.derivation().outputPaths())
        .orElse(Map.of())
        .forEach((name, path) -> outputs.put(name, new Fact<>(path, Source.DERIVATION)));
    return outputs;
  }

  private static Set<StorePath> paths(Map<String, Fact<StorePath>> outputs) {
    return outputs.values().stream().map(Fact::value).collect(Collectors.toSet());
  }

  private static Source source(How how) {
    return switch (how) {
      case COMMAND_LINE -> Source.COMMAND_LINE;
      case OUTPUT_PATH -> Source.ENV_VARS;
      case MANIFEST_OUTPUT_PATH -> Source.MANIFEST;
      case DIRECTORY_NAME, DIRECTORY_NAME_AND_LOG_TIME -> Source.DIRECTORY_NAME;
      case LOG_TIME -> Source.BUILD_LOG;
    };
  }

  /** Returns what the builder's environment has from outside the sandbox. */
  private Outside outside() {
    boolean lix = KeptName.of(kept.outerName()).filter(KeptName::isLix).isPresent();
    return new Outside(request.cores(), impure::get, lix, directory());
  }

  /** Decides whether more than the kept directory says that this derivation left it. */
  private boolean isConfirmed(Found found) {
    return finder.isConfirmed(kept, found, request.buildUsers());
  }

  /** Searches where the derivation is of use, but the session can do without it. */
  private Optional<Found> findIfOnlyOne(Map<String, Fact<StorePath>> outputs) {
    try {
      return find(outputs, finder.withoutLogs());
    } catch (Failure e) {
      notes.add(Note.detail(e.getMessage()));
      return Optional.empty();
    }
  }

  private Optional<Found> find(Map<String, Fact<StorePath>> outputs) {
    return find(outputs, finder);
  }

  private Optional<Found> find(Map<String, Fact<StorePath>> outputs, DerivationFinder from) {
    Optional<Found> found = from.find(kept, paths(outputs));
    found
        .map(Found::certainty)
        .filter(text -> !text.isEmpty())
        .map(Note::detail)
        .ifPresent(notes::add);
    return found.map(
        drv ->
            drv.how() == How.OUTPUT_PATH && !written.outputs().isEmpty()
                ? new Found(drv.path(), drv.derivation(), How.MANIFEST_OUTPUT_PATH, "")
                : drv);
  }

  private void compare(Map<String, Fact<StorePath>> outputs, Found found) {
    Set<StorePath> paths = paths(outputs);
    Derivation derivation = found.derivation();
    if (!paths.isEmpty()
        && !derivation.isImpure()
        && !derivation.outputPaths().isEmpty()
        && !derivation.makesOneOf(paths)) {
      notes.add(
          Note.warning(
              outputs.values().iterator().next().source()
                  + " has other outputs than "
                  + found.describe()
                  + "; the variables in env-vars are used all the same"));
    }
  }

  private Found required(Optional<Found> found, String why) {
    return found.orElseThrow(
        () ->
            new Failure(
                "cannot tell what " + kept.path() + " was",
                why
                    + ", and no derivation is found that left it"
                    + finder.lostLog(kept).map(lost -> "; " + lost).orElse(""),
                DerivationFinder.REMEDY));
  }
}
