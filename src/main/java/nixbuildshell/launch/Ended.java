package nixbuildshell.launch;

import nixbuildshell.plan.Outcome;

/**
 * Tells how a child ended.
 *
 * @param outcome how far the plan came
 * @param signal the signal that killed the child; 0 when it exited
 * @param status a shell's status: the exit code, or 128 and the signal
 */
public record Ended(Outcome outcome, int signal, int status) {}
