package nixbuildshell.sandbox;

import java.util.List;

/**
 * A sandbox in full.
 *
 * @param identity who the builder is
 * @param hostName of the UTS namespace
 * @param domainName of the UTS namespace (NIS)
 * @param network what is seen of it
 * @param filter refuses system calls of the program's process
 * @param personality tells the process how its kernel appears
 * @param entries the file system, parents before what lies in them
 * @param program what runs
 */
public record SandboxSpec(
    Identity identity,
    String hostName,
    String domainName,
    Network network,
    CallFilter filter,
    Personality personality,
    List<Entry> entries,
    Program program) {
  public SandboxSpec {
    entries = List.copyOf(entries);
  }
}
