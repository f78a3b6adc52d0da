package nixbuildshell.plan;

/**
 * Holds the descriptors that the child inherits for its set-up.
 *
 * @param read the end of the pipe on which the child waits for its maps
 * @param write the other end, of which the child has a copy to close
 */
public record PipeEnds(int read, int write) {}
