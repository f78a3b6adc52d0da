package nixbuildshell.launch;

import nixbuildshell.plan.Outcome;

/**
 * How a child ended.
 *
 * @param outcome whether the plan got as far as the program
 * @param signal that killed it; 0 when it exited
 * @param status what a shell would say: the exit code, or 128 and the signal
 */
public record Ended(Outcome outcome, int signal, int status) {}
