package nixbuildshell.plan;

/**
 * Holds the descriptors that the child inherits for its set-up.
 *
 * @param read the end of the pipe where the child waits for its maps
 * @param write the other end; the child closes its copy
 */
public record PipeEnds(int read, int write) {}
