package nixbuildshell.store;

import java.util.Set;
import nixbuildshell.files.EntryList;

/**
 * Tells what some store paths are on the host.
 *
 * @param owners the users whose files they are, and perhaps more
 */
public record ShownPaths(EntryList entries, Set<Long> owners) {}
