package nixbuildshell.session;

import java.util.concurrent.ThreadLocalRandom;
import nixbuildshell.ByteString;

/**
 * Names for sessions: the derivation's, made fit for a file's name, and a few random characters.
 */
final class SessionId {
  private static final int NAME_LIMIT = 64;

  private SessionId() {}

  static ByteString of(ByteString derivation) {
    String name = derivation.latin1().replaceAll("[^A-Za-z0-9+._-]", "-").replaceAll("^[.-]+", "");
    String cut = name.substring(0, Math.min(name.length(), NAME_LIMIT));
    return ByteString.of((cut.isEmpty() ? "build" : cut) + "-" + suffix());
  }

  static String suffix() {
    int number = ThreadLocalRandom.current().nextInt(36 * 36 * 36 * 36);
    return String.format("%4s", Integer.toString(number, 36)).replace(' ', '0');
  }
}
