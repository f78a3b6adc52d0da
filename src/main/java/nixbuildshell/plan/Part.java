package nixbuildshell.plan;

/** Stands for what a plan consists of: a {@link Step}, or a step for each of many store paths. */
public interface Part {
  /** Returns the number of steps. */
  int size();
}
