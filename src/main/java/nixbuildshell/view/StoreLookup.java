package nixbuildshell.view;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.Malformed;
import nixbuildshell.capture.Fact;
import nixbuildshell.capture.FailedBuild;
import nixbuildshell.capture.KeptDirectory;
import nixbuildshell.console.Messages;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileSystem;
import nixbuildshell.files.FileType;
import nixbuildshell.nix.Caller;
import nixbuildshell.sandbox.StoreView;
import nixbuildshell.session.Session;
import nixbuildshell.session.ShownStore;
import nixbuildshell.store.NixStore;
import nixbuildshell.store.StoreInputs;
import nixbuildshell.store.StorePath;

/** Finds out what the sandbox shall show of the store, and whether the host has it. */
public final class StoreLookup {
  /**
   * So many mount points are made on disk, where the store is an ordinary directory as in Nix's
   * sandbox. Measured on ext4: to make and remove one takes 0.1 to 0.6 ms.
   */
  private static final int MOST_ON_DISK = 100;

  private static final Set<FileType> CAN_BE_SHOWN =
      Set.of(FileType.DIRECTORY, FileType.REGULAR, FileType.LINK);

  private StoreLookup() {}

  /**
   * The view for a build.
   *
   * @param cancelled whether to stop asking Nix
   * @throws Failure naming all store paths that are gone
   * @throws java.util.concurrent.CancellationException when that was asked for
   */
  public static StoreView of(
      Caller caller,
      FileSystem files,
      NixStore nix,
      KeptDirectory kept,
      FailedBuild build,
      SandboxPaths sandboxPaths,
      BooleanSupplier cancelled,
      Messages messages) {
    Optional<List<StorePath>> seen = build.store().paths().map(Fact::value);
    if (seen.isPresent()) {
      return exact(files, nix, seen.get(), () -> InputClosure.inputs(nix, kept, build, messages));
    }
    if (!isSandboxed(build, caller)) {
      return new StoreView.Whole();
    }
    sandboxPaths.ask();
    try {
      return exact(
          files,
          nix,
          InputClosure.of(nix, kept, build, sandboxPaths, caller, cancelled, messages),
          () -> new StoreInputs(Map.of()));
    } catch (InputClosure.Unknown e) {
      messages.note("the whole store is shown, as the build's part is unknown: " + e.getMessage());
      return new StoreView.Whole();
    }
  }

  /** A build without a sandbox saw the whole store; it was where Nix puts such builds. */
  private static boolean isSandboxed(FailedBuild build, Caller caller) {
    return BuildPlace.of(build, caller).isEmpty()
        && build.manifest().flatMap(manifest -> manifest.sandbox().used()).orElse(true);
  }

  /** The view that a session was made with. */
  public static StoreView of(FileSystem files, NixStore nix, Session session) {
    Optional<ShownStore> shown = ShownStore.of(session);
    if (shown.isEmpty()) {
      return new StoreView.Whole();
    }
    List<StorePath> paths = new ArrayList<>();
    try {
      for (ByteString name : shown.get().names()) {
        paths.add(StorePath.ofBaseName(name.latin1()));
      }
    } catch (Malformed e) {
      throw new Failure("cannot enter " + session.path(), "its store/paths is damaged", "");
    }
    StoreView.Exact view = exact(files, nix, paths, () -> new StoreInputs(Map.of()));
    return new StoreView.Exact(view.members(), shown.get().layered());
  }

  /**
   * The view as a new session can have it: not every file system carries layers, and not every
   * kernel or container mounts them.
   *
   * @param mounts tries it; asked only when layers are wanted
   */
  public static StoreView in(Session session, StoreView view, BooleanSupplier mounts) {
    return view instanceof StoreView.Exact exact
            && exact.layered()
            && !(ShownStore.canBeLayered(session) && mounts.getAsBoolean())
        ? exact.onDisk()
        : view;
  }

  /**
   * The view of some store paths.
   *
   * @param inputs asked only when some are gone
   */
  private static StoreView.Exact exact(
      FileSystem files, NixStore nix, List<StorePath> paths, Supplier<StoreInputs> inputs) {
    List<StoreView.Member> members = new ArrayList<>();
    List<StorePath> missing = new ArrayList<>();
    try (Directory store = files.openDirectory(ByteString.of(nix.real()))) {
      for (StorePath path : paths) {
        type(nix, store, path)
            .ifPresentOrElse(
                type -> members.add(new StoreView.Member(path, type)), () -> missing.add(path));
      }
    } catch (ErrnoException e) {
      throw e.failure("cannot look into " + nix.real(), "install Nix on this host");
    }
    if (!missing.isEmpty()) {
      throw inputs.get().gone(nix, missing);
    }
    return new StoreView.Exact(members, members.size() > MOST_ON_DISK);
  }

  private static Optional<FileType> type(NixStore nix, Directory store, StorePath path)
      throws ErrnoException {
    try {
      FileType type = store.status(ByteString.of(path.baseName())).type();
      if (!CAN_BE_SHOWN.contains(type)) {
        throw new Failure("cannot show " + nix.directory().path(path), "it is " + type, "");
      }
      return Optional.of(type);
    } catch (ErrnoException e) {
      if (e.missing()) {
        return Optional.empty();
      }
      throw e;
    }
  }
}
