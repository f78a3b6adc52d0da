package nixbuildshell.capture;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.console.Messages;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileSystem;
import nixbuildshell.nix.Caller;
import nixbuildshell.store.NixStore;

/**
 * Finds the directory that DIR names: a path, {@code last}, the ID of the hook's hint, or the short
 * name of a session.
 */
public final class DirectoryArgument {
  /** Names the newest kept directory. */
  public static final String LAST = "last";

  private final Caller caller;
  private final FileSystem files;
  private final NixStore nix;
  private final Messages messages;
  private final Function<ByteString, Optional<ByteString>> sessions;

  /**
   * @param sessions returns the path of the session with a short name, if there is one
   */
  public DirectoryArgument(
      Caller caller,
      FileSystem files,
      NixStore nix,
      Messages messages,
      Function<ByteString, Optional<ByteString>> sessions) {
    this.sessions = sessions;
    this.caller = caller;
    this.files = files;
    this.nix = nix;
    this.messages = messages;
  }

  /**
   * Returns the path of the directory. An argument with a slash is a path; so is the name of a
   * directory in the working directory.
   *
   * @throws Failure when no kept directory, or more than one, has that name or ID; when the
   *     argument is something else, the message says what it is
   */
  public ByteString path(ByteString argument) {
    DirectoryMistake mistake = new DirectoryMistake(caller, files, nix, argument);
    Optional<ByteString> failure =
        nix.directory().has(argument)
            ? new FailuresOf(caller, files, nix).newest(argument)
            : Optional.empty();
    if (failure.isPresent()) {
      messages.note("the newest kept failure of " + argument + " is " + failure.get());
      return failure.get();
    }
    if (argument.isEmpty() || argument.latin1().indexOf('/') >= 0 || isDirectory(argument)) {
      mistake.check();
      return argument;
    }
    List<KeptDirectories.Found> all = mistake.host().newestFirst();
    if (argument.latin1().equals(LAST) && !all.isEmpty()) {
      messages.note("the newest kept failure is " + all.get(0).path());
      return all.get(0).path();
    }
    List<KeptDirectories.Found> named =
        all.stream().filter(each -> isNamed(each, argument.latin1())).toList();
    if (named.size() == 1) {
      messages.detail(argument + " is " + named.get(0).path());
      return named.get(0).path();
    } else if (named.isEmpty()) {
      return sessions.apply(argument).orElseThrow(() -> mistake.unknown(all));
    }
    throw new Failure(
        "cannot enter " + argument,
        "several have this ID",
        "name its path",
        DirectoryMistake.lines(named));
  }

  private boolean isDirectory(ByteString name) {
    try (Directory directory = files.openDirectory(name)) {
      return true;
    } catch (ErrnoException e) {
      // A directory that may not be opened is meant, so that the caller learns why. Where not even
      // the working directory may be searched, no directory is known to have that name.
      return e.denied() && files.has(name);
    }
  }

  /** Compares with the ID and with the directory's own name. */
  private static boolean isNamed(KeptDirectories.Found found, String argument) {
    return found.id().filter(argument::equals).isPresent()
        || found.path().latin1().endsWith("/" + argument);
  }
}
