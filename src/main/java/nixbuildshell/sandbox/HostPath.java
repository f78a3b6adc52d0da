package nixbuildshell.sandbox;

import nixbuildshell.ByteString;

/**
 * A path of the host that is to be seen in the sandbox, and that is there.
 *
 * @param target as seen from inside
 * @param source on the host; links in it are followed
 * @param directory whether it leads to one
 */
public record HostPath(ByteString target, ByteString source, boolean directory) {}
