package nixbuildshell.enter;

import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;
import nixbuildshell.capture.FailedBuild;
import nixbuildshell.capture.KeptDirectory;
import nixbuildshell.capture.RebuiltEnvVars;
import nixbuildshell.console.Messages;
import nixbuildshell.enter.Preparation.Prepared;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.Listing;
import nixbuildshell.files.TreeCopy;
import nixbuildshell.sandbox.NixSandbox;
import nixbuildshell.sandbox.Program;
import nixbuildshell.sandbox.SandboxRequest;
import nixbuildshell.sandbox.StoreView;
import nixbuildshell.session.Session;
import nixbuildshell.session.Sessions;
import nixbuildshell.session.SpareStores;
import nixbuildshell.session.WorkingCopy;
import nixbuildshell.shell.SetupProgram;
import nixbuildshell.terminal.SignalRelay;

/**
 * Rebuilds the variables of a build whose {@code env-vars} cannot be read: runs stdenv's {@code
 * setup} once, in the build's sandbox, but with an empty build directory of its own. Setup hooks
 * may make files there, and fail on files that are there already. Where setup succeeded and made no
 * files, the next copy of the same derivation gets the same variables.
 *
 * @param sessions has what earlier runs were told and left
 */
record Rebuilding(
    Launcher launcher,
    SignalRelay signals,
    FileSystem files,
    Sessions sessions,
    Messages messages) {
  private static final String KIND = "setup";

  /** Limits the bytes that setup leaves: a hostile hook writes any number. */
  private static final int LARGEST = 1 << 26;

  /**
   * Runs setup, and stores its result in the session.
   *
   * @return empty when the build's variables need no setup
   * @throws CancellationException when a signal ended the run
   * @throws nixbuildshell.Failure when the sandbox cannot be made
   */
  Optional<SetupResult> run(
      Session session, KeptDirectory kept, FailedBuild build, Prepared sandbox) {
    return build.run().environment() instanceof FailedBuild.Rebuilt rebuilt
            && rebuilt.envVars().setup().isPresent()
        ? Optional.of(run(session, kept, build, sandbox, rebuilt.envVars()))
        : Optional.empty();
  }

  private SetupResult run(
      Session session,
      KeptDirectory kept,
      FailedBuild build,
      Prepared sandbox,
      RebuiltEnvVars envVars) {
    Program program =
        SetupProgram.of(
            sandbox.start(), envVars.setup().orElseThrow(), build.sandbox().directory());
    Optional<ByteString> question = question(build, sandbox, envVars, program);
    return question
        .flatMap(it -> sessions.answers().get(KIND, it))
        .map(answer -> again(session, answer))
        .orElseGet(() -> made(session, kept, build, sandbox, envVars, program, question));
  }

  private SetupResult made(
      Session session,
      KeptDirectory kept,
      FailedBuild build,
      Prepared sandbox,
      RebuiltEnvVars envVars,
      Program program,
      Optional<ByteString> question) {
    var owner = sandbox.user().owner();
    Session inner = session.inner(owner);
    sandbox.makeTop(inner);
    WorkingCopy copy =
        new WorkingCopy(
            inner, new TreeCopy(owner, (files, bytes) -> {}, this::stopped, WorkingCopy.REMEDY));
    SpareStores spares = sessions.spareStores(owner);
    new Workspace(sandbox.store(), spares, copy, messages)
        .begin(files, kept, build, sandbox.request().view().store());
    copy.writeBuildFile(SetupProgram.VARIABLES, envVars.script(), 0600);
    launcher.run(NixSandbox.of(sandbox.request(), program), inner);
    spares.give(inner);
    signals.detach();
    if (stopped()) {
      throw new CancellationException("a signal ended setup");
    }
    boolean failed = copy.takeBuildFile(SetupProgram.FAILED, 0).isPresent();
    Optional<ByteString> environment = copy.takeBuildFile(SetupProgram.ENVIRONMENT, LARGEST);
    Optional<ByteString> variables = copy.takeBuildFile(SetupProgram.VARIABLES, LARGEST);
    environment.ifPresentOrElse(
        made -> session.store(Session.ENVIRONMENT, made),
        () ->
            messages.note(
                "$stdenv/setup ended without a result: the variables are those that the builder"
                    + " began with"));
    if (!failed
        && environment.isPresent()
        && variables.isPresent()
        && hasMadeNothing(inner, build)) {
      question.ifPresent(
          it -> sessions.answers().put(KIND, it, answer(variables.get(), environment.get())));
    }
    return new SetupResult(Optional.of(inner), variables.orElse(envVars.script()));
  }

  /**
   * Asks for all that setup's result depends on, as far as the sandbox decides it; empty where the
   * kept directory has a file that the derivation does not tell.
   */
  private static Optional<ByteString> question(
      FailedBuild build, Prepared sandbox, RebuiltEnvVars envVars, Program program) {
    if (build.derivation().isEmpty()
        || build.run().files().stream().anyMatch(file -> !file.lacks().isEmpty())) {
      return Optional.empty();
    }
    SandboxRequest request = sandbox.request();
    StringBuilder question = new StringBuilder();
    question.append(sandbox.store().directory().path(build.derivation().get().value()));
    question.append('\n').append(sandbox.store().real());
    question.append('\n').append(request.build().directory());
    question.append('\n').append(request.build().generation());
    question.append('\n').append(request.build().shell().map(ByteString::latin1).orElse(""));
    question.append('\n').append(request.view().network().network());
    if (request.view().store() instanceof StoreView.Exact exact) {
      exact.entries().names().forEach(name -> question.append('\n').append(name.latin1()));
    }
    request.view().paths().forEach(path -> append(question, path.target(), path.source()));
    append(question, envVars.script());
    append(question, program.arguments().toArray(ByteString[]::new));
    append(question, program.environment().toArray(ByteString[]::new));
    // None of these has a NUL: the kernel takes them as strings, and bash does the script.
    return Optional.of(new ByteString(question.toString()));
  }

  private static void append(StringBuilder question, ByteString... texts) {
    for (ByteString text : texts) {
      question.append('\n').append(text.length()).append(' ').append(text.latin1());
    }
  }

  /** Puts both texts into one, the length of the first before it. */
  private static ByteString answer(ByteString variables, ByteString environment) {
    return ByteString.of(variables.length() + "\n").plus(variables).plus(environment);
  }

  private static SetupResult again(Session session, ByteString answer) {
    int line = answer.latin1().indexOf('\n') + 1;
    int end = line + Integer.parseInt(answer.latin1().substring(0, line - 1));
    session.store(Session.ENVIRONMENT, new ByteString(answer.latin1().substring(end)));
    return new SetupResult(Optional.empty(), new ByteString(answer.latin1().substring(line, end)));
  }

  /** Decides whether setup left no file that its variables may name. */
  private static boolean hasMadeNothing(Session inner, FailedBuild build) {
    Set<ByteString> ofNix =
        build.run().files().stream()
            .map(file -> ByteString.of(file.name()))
            .collect(Collectors.toSet());
    try (Directory directory = inner.open("build");
        Directory tmp = inner.open("tmp")) {
      return ofNix.containsAll(Listing.names(directory)) && Listing.names(tmp).isEmpty();
    } catch (ErrnoException e) {
      return false;
    }
  }

  private boolean stopped() {
    return signals.ending() != 0;
  }
}
