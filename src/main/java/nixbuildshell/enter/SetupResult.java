package nixbuildshell.enter;

import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.session.Session;

/**
 * Holds what a run of stdenv's {@code setup} made.
 *
 * @param session the run's own directories, within the caller's session; empty when an earlier run
 *     made the variables and nothing else
 * @param variables the text of {@code env-vars}
 */
record SetupResult(Optional<Session> session, ByteString variables) {}
