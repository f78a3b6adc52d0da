package nixbuildshell.enter;

import nixbuildshell.ByteString;
import nixbuildshell.session.Session;

/**
 * Holds what a run of stdenv's {@code setup} made.
 *
 * @param session the run's own directories, within the caller's session
 * @param variables the text of {@code env-vars}
 */
record SetupResult(Session session, ByteString variables) {}
