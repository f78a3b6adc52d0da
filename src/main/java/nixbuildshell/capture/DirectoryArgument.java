package nixbuildshell.capture;

import java.util.List;
import java.util.stream.Collectors;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.console.Messages;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileSystem;
import nixbuildshell.nix.Caller;
import nixbuildshell.store.NixStore;

/** Finds the directory that DIR names: a path, {@code last}, or the ID of the hook's hint. */
public final class DirectoryArgument {
  private static final int MOST_NAMED = 10;

  private final Caller caller;
  private final FileSystem files;
  private final NixStore nix;
  private final Messages messages;

  public DirectoryArgument(Caller caller, FileSystem files, NixStore nix, Messages messages) {
    this.caller = caller;
    this.files = files;
    this.nix = nix;
    this.messages = messages;
  }

  /**
   * Returns the path of the directory. An argument with a slash is a path; so is the name of a
   * directory in the working directory.
   *
   * @throws Failure when no kept directory, or more than one, has that name or ID
   */
  public ByteString path(ByteString argument) {
    if (argument.isEmpty() || argument.latin1().indexOf('/') >= 0 || isDirectory(argument)) {
      return argument;
    }
    KeptDirectories host = new KeptDirectories(caller, files, nix);
    List<KeptDirectories.Found> all = host.newestFirst();
    if (argument.latin1().equals("last")) {
      return last(host, all);
    }
    List<KeptDirectories.Found> named =
        all.stream().filter(each -> isNamed(each, argument.latin1())).toList();
    if (named.size() == 1) {
      messages.detail(argument + " is " + named.get(0).path());
      return named.get(0).path();
    }
    throw named.isEmpty()
        ? unknown(host, argument, all)
        : new Failure(
            "cannot enter " + argument, "several have this ID: " + paths(named), "name its path");
  }

  private ByteString last(KeptDirectories host, List<KeptDirectories.Found> all) {
    if (all.isEmpty()) {
      throw unknown(host, ByteString.of("last"), all);
    }
    messages.note("the newest kept failure is " + all.get(0).path());
    return all.get(0).path();
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

  private static Failure unknown(
      KeptDirectories host, ByteString argument, List<KeptDirectories.Found> all) {
    String where =
        host.places().stream().map(ByteString::toString).collect(Collectors.joining(", "));
    return all.isEmpty()
        ? new Failure(
            "cannot enter " + argument,
            "it is no directory, and Nix kept none that you can read in " + where,
            "build with --keep-failed, or give a path")
        : new Failure(
            "cannot enter " + argument,
            "it is no directory, and no kept failure has this ID; the newest in "
                + where
                + " are: "
                + paths(all),
            "");
  }

  private static String paths(List<KeptDirectories.Found> found) {
    int shown = Math.min(MOST_NAMED, found.size());
    String more = shown < found.size() ? " and " + (found.size() - shown) + " more" : "";
    return found.subList(0, shown).stream()
            .map(KeptDirectories.Found::toString)
            .collect(Collectors.joining(", "))
        + more;
  }
}
