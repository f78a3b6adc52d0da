package nixbuildshell.enter;

import java.util.Optional;
import java.util.concurrent.CancellationException;
import nixbuildshell.capture.FailedBuild;
import nixbuildshell.capture.KeptDirectory;
import nixbuildshell.capture.RebuiltEnvVars;
import nixbuildshell.console.Messages;
import nixbuildshell.enter.Preparation.Prepared;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.TreeCopy;
import nixbuildshell.sandbox.NixSandbox;
import nixbuildshell.session.Session;
import nixbuildshell.session.WorkingCopy;
import nixbuildshell.shell.SetupProgram;
import nixbuildshell.terminal.SignalRelay;

/**
 * Rebuilds the variables of a build whose {@code env-vars} cannot be read: runs stdenv's {@code
 * setup} once, in the build's sandbox, but with an empty build directory of its own. Setup hooks
 * may make files there, and fail on files that are there already.
 */
record Rebuilding(Launcher launcher, SignalRelay signals, FileSystem files, Messages messages) {
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
    var owner = sandbox.user().owner();
    Session inner = session.inner(owner);
    sandbox.makeTop(inner);
    WorkingCopy copy =
        new WorkingCopy(
            inner, new TreeCopy(owner, (files, bytes) -> {}, this::stopped, WorkingCopy.REMEDY));
    new Workspace(sandbox.store(), copy, messages)
        .begin(files, kept, build, sandbox.request().view().store());
    copy.writeBuildFile(SetupProgram.VARIABLES, envVars.script(), 0600);
    launcher.run(
        NixSandbox.of(
            sandbox.request(),
            SetupProgram.of(
                sandbox.start(), envVars.setup().orElseThrow(), build.sandbox().directory())),
        inner);
    signals.detach();
    if (stopped()) {
      throw new CancellationException("a signal ended setup");
    }
    copy.takeBuildFile(SetupProgram.ENVIRONMENT, LARGEST)
        .ifPresentOrElse(
            made -> session.store(Session.ENVIRONMENT, made),
            () ->
                messages.note(
                    "$stdenv/setup ended without a result: the variables are those that the builder"
                        + " began with"));
    return new SetupResult(
        inner, copy.takeBuildFile(SetupProgram.VARIABLES, LARGEST).orElse(envVars.script()));
  }

  private boolean stopped() {
    return signals.ending() != 0;
  }
}
