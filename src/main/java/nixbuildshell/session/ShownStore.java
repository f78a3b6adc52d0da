package nixbuildshell.session;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.files.Descriptor;
import nixbuildshell.files.Directory;
import nixbuildshell.files.ErrnoException;
import nixbuildshell.files.FileContent;
import nixbuildshell.files.FileType;
import nixbuildshell.files.Listing;

/**
 * Describes the store of a session that shows only some store paths. The file {@code store/paths}
 * names them. Their mount points are in {@code store/view}, which then takes the changes too; many
 * mount points are in memory instead, below the layer {@code store/upper}, which takes the changes.
 * A store path that is a link cannot be mounted, and is made anew beside the changes.
 *
 * @param layered whether the mount points are in memory
 * @param names of the store paths
 */
public record ShownStore(boolean layered, List<ByteString> names) {
  private static final ByteString PATHS = ByteString.of("store/paths");
  private static final String LAYERED = "layered";
  private static final String MOUNT_POINTS = "mount points";
  private static final int LONGEST = 16 << 20;

  /** Characters that a store path's name has as a rule, at most. */
  private static final int USUAL_NAME = 64;

  /** {@code linux/magic.h}: ext2 to ext4, XFS, Btrfs, tmpfs, F2FS, bcachefs. */
  private static final Set<Long> CARRY_LAYERS =
      Set.of(0xEF53L, 0x58465342L, 0x9123683EL, 0x01021994L, 0xF2F52010L, 0xCA451A4EL);

  public ShownStore {
    names = List.copyOf(names);
  }

  /** Returns the directory of the session that takes the changes. */
  public static String changes(boolean layered) {
    return layered ? Session.UPPER : Session.VIEW;
  }

  /** Decides whether a session's file system is known to work as an upper layer of overlayfs. */
  public static boolean canBeLayered(Session session) {
    try {
      return CARRY_LAYERS.contains(session.directory().self().fileSystemMagic());
    } catch (ErrnoException e) {
      return false;
    }
  }

  /**
   * Makes the mount points of a new session, and the file that names them.
   *
   * @throws Failure when they cannot be written, or the store cannot be read
   */
  public static void prepare(
      Session session, Directory store, List<Listing.Entry> entries, boolean layered) {
    try (Directory view = session.open(changes(layered));
        Descriptor paths = session.directory().createFile(PATHS, 0600)) {
      // What grows is copied, and there can be thousands of names.
      StringBuilder lines = new StringBuilder(USUAL_NAME * (entries.size() + 1));
      lines.append(layered ? LAYERED : MOUNT_POINTS).append('\n');
      for (Listing.Entry entry : entries) {
        place(entry, store, view, layered);
        lines.append(entry.name().latin1()).append('\n');
      }
      write(paths, lines);
    } catch (ErrnoException e) {
      throw failure(e, session, layered);
    }
  }

  /**
   * Makes the mount points that a session lacks, and names them in its file.
   *
   * @param entries all that the session is to show
   * @throws Failure also when the session has made such a file itself
   */
  public void add(Session session, Directory store, List<Listing.Entry> entries) {
    List<Listing.Entry> more =
        entries.stream().filter(entry -> !names.contains(entry.name())).toList();
    try (Directory view = session.open(changes(layered));
        Descriptor paths = session.directory().openFileToAppend(PATHS)) {
      StringBuilder lines = new StringBuilder();
      for (Listing.Entry entry : more) {
        place(entry, store, view, layered);
        lines.append(entry.name().latin1()).append('\n');
      }
      write(paths, lines);
    } catch (ErrnoException e) {
      throw failure(e, session, layered);
    }
  }

  private static void write(Descriptor paths, StringBuilder lines) throws ErrnoException {
    paths.write(lines.toString().getBytes(StandardCharsets.ISO_8859_1));
    paths.closeWritten();
  }

  private static Failure failure(ErrnoException e, Session session, boolean layered) {
    return e.failure(
        "cannot make mount points in " + session.path() + "/" + changes(layered), Session.REMEDY);
  }

  private static void place(Listing.Entry entry, Directory store, Directory view, boolean layered)
      throws ErrnoException {
    if (entry.type() == FileType.LINK) {
      view.makeLink(entry.name(), store.readLink(entry.name()));
    } else if (!layered && entry.type() == FileType.DIRECTORY) {
      view.makeDirectory(entry.name(), 0755);
    } else if (!layered) {
      view.createFile(entry.name(), 0444).closeWritten();
    }
  }

  /** Reads what a session shows; empty when that is the whole store. */
  public static Optional<ShownStore> of(Session session) {
    if (FileContent.read(session.directory(), PATHS, LONGEST) instanceof FileContent.Bytes file) {
      List<ByteString> lines =
          ByteString.of(file.bytes()).latin1().lines().map(ByteString::new).toList();
      boolean layered = !lines.isEmpty() && lines.get(0).latin1().equals(LAYERED);
      return Optional.of(new ShownStore(layered, lines.stream().skip(1).toList()));
    }
    return Optional.empty();
  }
}
