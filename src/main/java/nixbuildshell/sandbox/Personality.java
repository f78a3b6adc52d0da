package nixbuildshell.sandbox;

import java.util.Set;

/**
 * Describes a build's execution domain, personality(2). Nix always switches off the randomization
 * of addresses.
 *
 * <p>Source: {@code setPersonality} in Nix's personality.cc, the same in 2.8 and 2.36.
 *
 * @param linux32 whether uname(2) names a 32-bit machine ({@code PER_LINUX32})
 * @param linux26 whether uname(2) names a kernel 2.6 ({@code UNAME26})
 */
public record Personality(boolean linux32, boolean linux26) {
  private static final Set<String> ARM_32 =
      Set.of("armv7l-linux", "armv6l-linux", "armv5tel-linux");

  /**
   * Returns the personality for a derivation.
   *
   * @param system the derivation's system, {@code i686-linux} for instance; empty when unknown
   */
  public static Personality of(String system, Machine machine) {
    boolean i686 = system.equals("i686-linux");
    return new Personality(
        i686 && machine.isX86_64() || ARM_32.contains(system),
        (i686 || system.equals("x86_64-linux")) && machine.impersonatesLinux26());
  }
}
