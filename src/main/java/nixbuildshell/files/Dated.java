package nixbuildshell.files;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import nixbuildshell.ByteString;

/** Names an entry of a directory from which the oldest are removed. */
public record Dated(ByteString name, Status status) {
  /**
   * Returns all entries of a directory that are still there, the oldest first.
   *
   * @param time tells the age of an entry
   */
  public static List<Dated> oldestFirst(Directory directory, Function<Status, Status.Time> time)
      throws ErrnoException {
    List<Dated> all = new ArrayList<>();
    for (ByteString name : Listing.names(directory)) {
      Optional<Status> status = directory.find(name);
      if (status.isPresent()) {
        all.add(new Dated(name, status.get()));
      }
    }
    all.sort((one, other) -> time.apply(one.status).compareTo(time.apply(other.status)));
    return all;
  }
}
