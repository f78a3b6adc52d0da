package nixbuildshell.sandbox;

import nixbuildshell.store.NixStore;

/**
 * Describes this machine and Nix's settings on it, as far as they decide how a build is confined.
 *
 * @param isX86_64 whether its architecture is x86_64
 * @param kvm whether it has {@code /dev/kvm}
 * @param filtersCalls Nix's setting {@code filter-syscalls}
 * @param impersonatesLinux26 Nix's setting {@code impersonate-linux-26}
 * @param store the store that the build sees
 */
public record Machine(
    boolean isX86_64,
    boolean kvm,
    boolean filtersCalls,
    boolean impersonatesLinux26,
    NixStore store) {}
