package nixbuildshell.plan;

import java.util.List;
import nixbuildshell.abi.Abi;
import nixbuildshell.sandbox.CallFilter.Call;

/**
 * The ABIs in which a program can make system calls, and the numbers that calls have there. x32
 * shares its name in the kernel with x86_64: its numbers are the same, with {@link #X32_BIT} set.
 *
 * <p>Source: {@code include/uapi/linux/audit.h}, {@code arch/x86/entry/syscalls/syscall_*.tbl},
 * {@code arch/arm/tools/syscall.tbl}, {@code include/uapi/asm-generic/unistd.h}.
 */
enum CallAbi {
  X86_64(0xc000003e),
  I386(0x40000003),
  AARCH64(0xc00000b7),
  ARM(0x40000028);

  /** {@code __X32_SYSCALL_BIT}. */
  static final int X32_BIT = 0x40000000;

  private final int audited;

  CallAbi(int audited) {
    this.audited = audited;
  }

  /** {@code AUDIT_ARCH_*}, as a filter sees it. */
  int audited() {
    return audited;
  }

  /** Those that a kernel may run. */
  static List<CallAbi> of(Abi machine) {
    return switch (machine) {
      case X86_64 -> List.of(X86_64, I386);
      case AARCH64 -> List.of(AARCH64, ARM);
    };
  }

  /**
   * The numbers of a call; none where the ABI does not have it. On x86_64 ioctl has another number
   * in x32, and kernels before 5.4 take each number with and without the bit.
   */
  List<Integer> numbers(Call call) {
    return switch (this) {
      case X86_64 -> call == Call.IOCTL ? List.of(16, 514) : List.of(x86_64(call));
      case I386 -> List.of(call == Call.FCHMODAT ? 306 : compat(call));
      case AARCH64 -> call == Call.CHMOD ? List.of() : List.of(aarch64(call));
      case ARM -> List.of(call == Call.FCHMODAT ? 333 : compat(call));
    };
  }

  private static int x86_64(Call call) {
    return switch (call) {
      case CHMOD -> 90;
      case FCHMOD -> 91;
      case FCHMODAT -> 268;
      case FCHMODAT2 -> 452;
      case SETXATTR -> 188;
      case LSETXATTR -> 189;
      case FSETXATTR -> 190;
      case GETXATTR -> 191;
      case LGETXATTR -> 192;
      case FGETXATTR -> 193;
      case IOCTL -> 16;
    };
  }

  private static int aarch64(Call call) {
    return switch (call) {
      case FCHMOD -> 52;
      case FCHMODAT -> 53;
      case FCHMODAT2 -> 452;
      case SETXATTR -> 5;
      case LSETXATTR -> 6;
      case FSETXATTR -> 7;
      case GETXATTR -> 8;
      case LGETXATTR -> 9;
      case FGETXATTR -> 10;
      case IOCTL -> 29;
      case CHMOD -> throw new IllegalArgumentException("aarch64 has no " + call);
    };
  }

  /** i386 and 32-bit Arm agree on all but fchmodat. */
  private static int compat(Call call) {
    return switch (call) {
      case CHMOD -> 15;
      case FCHMOD -> 94;
      case FCHMODAT2 -> 452;
      case SETXATTR -> 226;
      case LSETXATTR -> 227;
      case FSETXATTR -> 228;
      case GETXATTR -> 229;
      case LGETXATTR -> 230;
      case FGETXATTR -> 231;
      case IOCTL -> 54;
      case FCHMODAT -> throw new IllegalArgumentException("it differs");
    };
  }
}
