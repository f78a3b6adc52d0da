package nixbuildshell.listing;

import java.time.Instant;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.files.TreeSize;
import nixbuildshell.session.Remembered;
import nixbuildshell.session.Sessions;

/**
 * Holds what a list tells of a session.
 *
 * @param size empty when it was not asked for
 */
record SessionRow(Sessions.Listed session, Optional<TreeSize> size) {
  Instant made() {
    return Instant.ofEpochSecond(session.made().seconds(), session.made().nanoseconds());
  }

  Optional<ByteString> origin() {
    return session.remembered().map(Remembered::origin);
  }

  String state() {
    return switch (session.state()) {
      case IN_USE -> "in use";
      case CHANGED -> "changed";
      case LEFT -> "left over";
    };
  }
}
