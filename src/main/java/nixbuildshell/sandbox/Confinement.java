package nixbuildshell.sandbox;

/**
 * What the program's process may do and how it appears to itself, beside its namespaces.
 *
 * @param filter the system calls that it is refused
 */
public record Confinement(CallFilter filter, Personality personality) {}
