package nixbuildshell.doctor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.capture.TmpfilesRules;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.Reflink;
import nixbuildshell.host.Restrictions;
import nixbuildshell.kernel.Kernels;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.nix.Accounts;
import nixbuildshell.nix.BuildUserLock;
import nixbuildshell.nix.Caller;
import nixbuildshell.nix.NixProgram;
import nixbuildshell.nix.NixProgram.Unanswered;
import nixbuildshell.nix.NixSettings;
import nixbuildshell.sandbox.Identity;
import nixbuildshell.session.Session;
import nixbuildshell.session.Sessions;
import nixbuildshell.store.NixStore;

/**
 * Tries this host, part by part.
 *
 * @param workDirectory {@code --work-dir}
 */
public record HostReport(
    Caller caller,
    SystemCalls calls,
    FileSystem files,
    NixStore store,
    Optional<ByteString> workDirectory) {

  /** Tries all parts, in the order of the report. */
  List<Finding> findings() {
    List<Finding> findings = new ArrayList<>();
    sandbox(findings);
    findings.add(kernelSettings());
    nix(findings);
    findings.add(buildUsers());
    findings.add(buildLogs());
    findings.add(births());
    findings.add(removal());
    findings.add(java());
    findings.add(startUpCache());
    return findings;
  }

  /** Makes a session, and a sandbox in it. */
  private void sandbox(List<Finding> findings) {
    try (Sessions sessions = Sessions.open(files, caller::environment, workDirectory)) {
      findings.add(
          sessions
              .passedOver()
              .map(
                  path ->
                      Finding.note(
                          "sessions",
                          path + " is mounted noexec: they are in " + sessions.path(),
                          "name another directory: --work-dir DIR"))
              .orElse(Finding.ok("sessions", "programs can run in " + sessions.path())));
      if (!caller.isRoot()) {
        inSession(sessions, new Identity(caller.uid(), caller.gid(), false), findings);
        return;
      }
      asABuildUser(sessions, findings);
    } catch (Failure e) {
      findings.add(Finding.failed("sessions", e.getMessage(), e.remedy()));
    }
  }

  /** Tries as the first build user that no build has. */
  private void asABuildUser(Sessions sessions, List<Finding> findings) {
    Optional<Accounts.BuildUsers> users = caller.accounts().buildUsers();
    for (long uid : users.map(Accounts.BuildUsers::uids).orElse(List.of())) {
      Optional<BuildUserLock> lock = BuildUserLock.ofUser(files, uid);
      if (lock.isPresent()) {
        try (BuildUserLock held = lock.get()) {
          inSession(sessions, new Identity(uid, users.get().gid(), true), findings);
          return;
        }
      }
    }
    findings.add(
        Finding.failed(
            "sandbox",
            "root has no free build user to run it as",
            "run nix-build-shell as an ordinary user"));
  }

  private void inSession(Sessions sessions, Identity identity, List<Finding> findings) {
    Session session = sessions.create(ByteString.of("doctor"), identity.owner());
    try {
      session.makeView(identity.owner());
      session.makeLayers(identity.owner());
      findings.addAll(new SandboxTrial(calls, store, identity, session).findings());
      findings.add(
          Reflink.works(session.directory())
              ? Finding.ok("copies", "share their blocks with the kept directory's file system")
              : Finding.note(
                  "copies",
                  "are whole, as sessions lie on a file system without reflinks",
                  "a Btrfs, XFS or bcachefs for kept directories and sessions: --work-dir DIR"));
    } finally {
      sessions.delete(session, () -> false);
    }
  }

  private static Finding kernelSettings() {
    Restrictions host = new Restrictions(Path.of("/"));
    List<String> shut = host.forbidding();
    return shut.isEmpty()
        ? Finding.ok("kernel settings", "none restricts user namespaces")
        : Finding.note(
            "kernel settings", String.join(", ", shut), "look at what the sandbox's line says");
  }

  private void nix(List<Finding> findings) {
    Optional<NixProgram> nix = NixProgram.find(caller, "nix", () -> false);
    Optional<NixProgram> nixStore = NixProgram.find(caller, "nix-store", () -> false);
    NixSettings settings = caller.settings();
    if (nixStore.isEmpty()) {
      findings.add(
          Finding.note(
              "Nix",
              "there is no nix-store on PATH: without the setup hook's manifest the whole store is"
                  + " shown",
              "put Nix's programs on PATH"));
    } else {
      try {
        ByteString version = nixStore.get().run(List.of("--version"));
        findings.add(Finding.ok("Nix", version.abridged(80).replace("\\n", "")));
        settings = nix.isPresent() ? nix.get().settings() : settings;
      } catch (Unanswered e) {
        findings.add(Finding.note("Nix", e.getMessage(), "see that nix-store works"));
      }
    }
    findings.add(confinement(settings));
    findings.add(
        settings.isOn("keep-failed", false)
            ? Finding.ok("keep-failed", "is set: every failed build is kept")
            : Finding.note(
                "keep-failed",
                "is not set: Nix deletes what a failed build leaves",
                "build with --keep-failed, or set keep-failed = true in nix.conf"));
  }

  private Finding confinement(NixSettings settings) {
    String sandbox =
        settings.get("sandbox").map(ByteString::latin1).orElse(caller.sandboxSetting());
    return sandbox.equals("true")
        ? Finding.ok("Nix's sandbox", "is on")
        : Finding.note(
            "Nix's sandbox",
            "is " + ByteString.of(sandbox).abridged(40) + ": builds run with less confinement",
            "set sandbox = true in nix.conf");
  }

  private Finding buildUsers() {
    Optional<Accounts.BuildUsers> users = caller.accounts().buildUsers();
    if (users.isEmpty() || users.get().uids().isEmpty()) {
      return caller.isRoot()
          ? Finding.note("build users", "there are none", "run nix-build-shell as an ordinary user")
          : Finding.ok("build users", "there are none: builds run as you");
    }
    return Finding.ok("build users", users.get().uids().size() + " of the group nixbld");
  }

  private Finding buildLogs() {
    Path directory = Path.of(store.logs(), "drvs");
    try (DirectoryStream<Path> all = Files.newDirectoryStream(directory)) {
      return all.iterator().hasNext()
          ? Finding.ok("build logs", "readable in " + directory)
          : Finding.note("build logs", "there are none in " + directory, "");
    } catch (NoSuchFileException e) {
      return Finding.note("build logs", "there are none in " + directory, "");
    } catch (IOException e) {
      return Finding.note(
          "build logs",
          "cannot list " + directory + ": a derivation is told by names and manifests alone",
          "let every user read it, and see that keep-build-log is on");
    }
  }

  private Finding births() {
    List<String> without = new ArrayList<>();
    for (String place : List.of("/tmp", store.logs())) {
      try {
        if (files.statusAt(ByteString.of(place)).born().isEmpty()) {
          without.add(place);
        }
      } catch (ErrnoException e) {
        // What is not there has no files to compare.
      }
    }
    return without.isEmpty()
        ? Finding.ok("births of files", "known: they tell which build left a directory")
        : Finding.note(
            "births of files",
            "unknown in " + String.join(" and ", without) + ": derivations are told less surely",
            "name the derivation: --drv FILE");
  }

  private Finding removal() {
    ByteString kept = ByteString.of("/tmp/nix-build-name.drv-0");
    return TmpfilesRules.of(caller)
        .removal(kept)
        .map(
            rule ->
                Finding.note(
                    "kept directories",
                    "a rule of systemd-tmpfiles removes those in /tmp "
                        + rule.age()
                            .map(age -> "after " + age.toHours() + " hours")
                            .orElse("when the host starts"),
                    "set build-dir in nix.conf, or a line \"x /tmp/nix-build-*\" in"
                        + " /etc/tmpfiles.d"))
        .orElse(Finding.ok("kept directories", "no rule of systemd-tmpfiles removes them"));
  }

  private static Finding java() {
    String version = Runtime.version().feature() + ", by " + Kernels.bestName();
    return Kernels.bestName().equals("FFM")
        ? Finding.ok("Java", version)
        : Finding.note("Java", version, "package and run the tool with Java 22 or later");
  }

  /** Looks for the cache among the files that this process has mapped. */
  private static Finding startUpCache() {
    try {
      boolean mapped =
          Files.readAllLines(Path.of("/proc/self/maps"), StandardCharsets.ISO_8859_1).stream()
              .anyMatch(line -> line.matches(".*/cache/[^/]*\\.(?:aot|jsa)"));
      if (mapped) {
        return Finding.ok("start-up cache", "in use");
      }
    } catch (IOException e) {
      // Without procfs it is not known.
    }
    return Finding.note(
        "start-up cache",
        "not in use: the start takes twice as long",
        "package the tool for this Java: mvn -q package -DskipTests");
  }
}
