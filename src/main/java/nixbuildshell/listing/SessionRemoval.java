package nixbuildshell.listing;

import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.capture.DirectoryArgument;
import nixbuildshell.capture.KeptDirectory;
import nixbuildshell.console.ExitCode;
import nixbuildshell.console.Messages;
import nixbuildshell.console.ShellWord;
import nixbuildshell.files.Directory;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.TreeRemoval;
import nixbuildshell.files.TreeSize;
import nixbuildshell.files.UserPath;
import nixbuildshell.nix.Caller;
import nixbuildshell.session.Session;
import nixbuildshell.session.Sessions;
import nixbuildshell.store.KeptName;
import nixbuildshell.store.NixStore;

/**
 * Deletes sessions. A kept directory is evidence and another user's: for that it prints the command
 * to type.
 *
 * @param sessions empty where the caller has none
 * @param out where the commands for kept directories go
 */
public record SessionRemoval(
    Caller caller,
    FileSystem files,
    NixStore store,
    Optional<Sessions> sessions,
    Messages messages,
    PrintStream out) {

  /**
   * Deletes what is asked for.
   *
   * @param days delete the sessions that were unused for so long
   * @param named paths or names
   * @return the exit code: a failure when something that was named stays
   */
  public int run(OptionalLong days, List<ByteString> named) {
    List<Sessions.Listed> all = sessions.map(Sessions::all).orElse(List.of());
    List<Sessions.Listed> chosen = new ArrayList<>();
    for (ByteString name : named) {
      Optional<Sessions.Listed> session = session(all, name);
      session.ifPresentOrElse(chosen::add, () -> printCommand(name));
    }
    boolean allDeleted = true;
    for (Sessions.Listed each : chosen.stream().distinct().toList()) {
      allDeleted &= delete(each);
    }
    if (days.isPresent()) {
      Instant limit = Instant.now().minus(Duration.ofDays(days.getAsLong()));
      all.stream()
          .filter(each -> !chosen.contains(each) && !used(each).isAfter(limit))
          .forEach(this::delete);
      if (all.isEmpty()) {
        messages.note("there are no sessions");
      }
    }
    return allDeleted ? 0 : ExitCode.TOOL_FAILED;
  }

  private static Instant used(Sessions.Listed session) {
    return Instant.ofEpochSecond(session.used().seconds(), session.used().nanoseconds());
  }

  private Optional<Sessions.Listed> session(List<Sessions.Listed> all, ByteString name) {
    Optional<Sessions.Listed> known =
        all.stream().filter(each -> each.id().equals(name)).findFirst();
    if (known.isPresent() || name.latin1().indexOf('/') < 0) {
      return known;
    }
    try (Directory directory = UserPath.openDirectory(files, name)) {
      ByteString path = directory.place().path();
      return all.stream().filter(each -> each.path().equals(path)).findFirst();
    } catch (Failure e) {
      return Optional.empty(); // It may be a kept directory that the caller may not read.
    }
  }

  private boolean delete(Sessions.Listed listed) {
    Optional<Session> session = sessions.orElseThrow().lock(listed.id());
    if (session.isEmpty()) {
      messages.note(listed.path() + " is in use, and stays");
      return false;
    }
    TreeSize size = TreeSize.of(session.get().directory());
    Optional<TreeRemoval.Leftover> left = sessions.get().delete(session.get(), () -> false);
    if (left.isPresent()) {
      messages.failure(left.get().failure());
      return false;
    }
    messages.note("deleted " + listed.path() + " (" + ListText.size(size) + ")");
    return true;
  }

  /** Prints the command that deletes a kept directory. */
  private void printCommand(ByteString name) {
    ByteString path = keptPath(name);
    if (KeptName.at(path).isEmpty()) {
      throw new Failure(
          "cannot clean " + name,
          "it is no session of yours and no kept directory",
          "nix-build-shell list");
    }
    messages.note(path + " is a kept directory, and not deleted; this does it:");
    out.println((caller.isRoot() ? "" : "sudo ") + "rm -rf -- " + ShellWord.quote(path));
  }

  private ByteString keptPath(ByteString name) {
    ByteString path =
        new DirectoryArgument(caller, files, store, messages, any -> Optional.empty()).path(name);
    try (KeptDirectory kept = KeptDirectory.open(files, path)) {
      return kept.outermost();
    } catch (Failure e) {
      return path; // The caller may not read it.
    }
  }
}
