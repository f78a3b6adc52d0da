package nixbuildshell.store;

/**
 * Says what Nix did first at the end of a build: it closes the build log, and changes the mode of
 * the directory that it keeps. Seen with Nix 2.8, 2.26 and 2.34.
 */
public enum EndOrder {
  /** It closed the log first: the builder ended by itself ({@code buildDone}). */
  LOG_FIRST,
  /** It changed the directory first: Nix killed the builder (the destructor of its goal). */
  DIRECTORY_FIRST,
  /** The end was not seen. */
  UNKNOWN
}
