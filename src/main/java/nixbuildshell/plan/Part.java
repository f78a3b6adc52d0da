package nixbuildshell.plan;

/** Describes a part of a plan: one step, or the same step for each of some store paths. */
public interface Part {
  /** Returns the number of steps. */
  int size();
}
