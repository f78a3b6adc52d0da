package nixbuildshell.abi;

import java.util.List;

/**
 * Lists the ABIs in which a program can make system calls. x32 shares its name in the kernel with
 * x86_64: its numbers are the same, with {@link #X32_BIT} set.
 *
 * <p>Source: {@code include/uapi/linux/audit.h}.
 */
public enum CallAbi {
  X86_64(0xc000003e),
  I386(0x40000003),
  AARCH64(0xc00000b7),
  ARM(0x40000028);

  /** Marks an x32 call: {@code __X32_SYSCALL_BIT}. */
  public static final int X32_BIT = 0x40000000;

  private static final int X32_IOCTL = 514;

  private final int audited;

  CallAbi(int audited) {
    this.audited = audited;
  }

  /** Returns the {@code AUDIT_ARCH_*} number that a filter sees. */
  public int audited() {
    return audited;
  }

  /** Returns the ABIs that the kernel of a machine may run. */
  public static List<CallAbi> of(Abi machine) {
    return switch (machine) {
      case X86_64 -> List.of(X86_64, I386);
      case AARCH64 -> List.of(AARCH64, ARM);
    };
  }

  /**
   * Returns a call's numbers, without {@link #X32_BIT}; none where the ABI does not have the call.
   * The ioctl of x32 has another number than that of x86_64. Kernels before 5.4 take each number
   * with and without the bit.
   *
   * @throws IllegalArgumentException when {@link Syscall} does not list the number
   */
  public List<Integer> numbers(Syscall call) {
    if (this == X86_64 && call == Syscall.IOCTL) {
      return List.of(call.x86_64, X32_IOCTL);
    }
    int number =
        switch (this) {
          case X86_64 -> call.x86_64;
          case AARCH64 -> call.aarch64;
          case I386 -> call.i386;
          case ARM -> call.arm;
        };
    if (number == Syscall.UNLISTED) {
      throw new IllegalArgumentException("no filter names " + call);
    }
    return number == Syscall.ABSENT ? List.of() : List.of(number);
  }
}
