package nixbuildshell.sandbox;

import java.util.List;
import nixbuildshell.ByteString;
import nixbuildshell.files.EntryList;
import nixbuildshell.store.StorePath;

/** Describes the part of the store that is seen from inside. */
public sealed interface StoreView {

  /** Shows the whole store, because it is not known what the build saw. */
  record Whole() implements StoreView {}

  /**
   * Shows only what the build saw.
   *
   * @param entries of the store, each with its type on the host
   */
  record Exact(EntryList entries) implements StoreView {
    /** Returns the store paths, which takes long where there are thousands. */
    public List<StorePath> paths() {
      return entries.names().stream().map(name -> new StorePath(name.latin1())).toList();
    }

    /** Decides whether a store path is shown. */
    public boolean shows(StorePath path) {
      return entries.contains(ByteString.of(path.baseName()));
    }
  }
}
