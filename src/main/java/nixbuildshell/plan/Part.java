package nixbuildshell.plan;

/** Describes a part of a plan: a {@link Step}, or {@link EachPath}. */
public interface Part {}
