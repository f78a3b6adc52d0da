package nixbuildshell.sandbox;

import java.util.List;

/**
 * Describes a whole sandbox.
 *
 * @param identity the build user
 * @param hostName the host name of the UTS namespace
 * @param domainName the NIS domain name of the UTS namespace
 * @param entries the files, each after the directory that holds it
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

  /** Returns the same sandbox without pseudoterminals, for a host that refuses to make them. */
  public SandboxSpec withoutTerminals() {
    List<Entry> others = entries.stream().filter(each -> !each.isOfTerminals()).toList();
    return new SandboxSpec(
        identity, hostName, domainName, network, filter, personality, others, program);
  }
}
