package nixbuildshell.sandbox;

import nixbuildshell.store.LogicalStore;

/**
 * What the host has to do with how builds are confined on it.
 *
 * @param isX86_64 whether the machine is one
 * @param kvm whether it has {@code /dev/kvm}
 * @param filtersCalls Nix's setting {@code filter-syscalls}
 * @param impersonatesLinux26 Nix's setting {@code impersonate-linux-26}
 * @param store where the files of its store really are
 */
public record Host(
    boolean isX86_64,
    boolean kvm,
    boolean filtersCalls,
    boolean impersonatesLinux26,
    String store) {

  /** Without kvm, and with Nix's default settings. */
  public static final Host X86_64 = new Host(true, false, true, false, LogicalStore.DEFAULT);
}
