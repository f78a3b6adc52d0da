package nixbuildshell.kernel;

import nixbuildshell.abi.Abi;

/** Has the code of {@code asm/kernel/ARCH.S}. Written by {@code src/build/assemble}. */
public final class Code {
  private static final String X86_64 =
      ""
          + "" // restorer:
          + "b80f000000" // mov eax,0xf
          + "0f05" // syscall
          + "cc" // int3
          + "" // handler:
          + "f30f1efa" // endbr64
          + "b89d000000" // mov eax,0x9d
          + "bf1d000000" // mov edi,0x1d
          + "48be00a0b83046030000" // movabs rsi,0x34630b8a000
          + "0f05" // syscall
          + "c3"; // ret

  private static final String AARCH64 =
      ""
          + "" // restorer:
          + "681180d2" // mov x8, #0x8b
          + "010000d4" // svc #0x0
          + "" // handler:
          + "5f2403d5" // bti c
          + "e81480d2" // mov x8, #0xa7
          + "a00380d2" // mov x0, #0x1d
          + "c168c0d2" // mov x1, #0x34600000000
          + "0117a6f2" // movk x1, #0x30b8, lsl #16
          + "010094f2" // movk x1, #0xa000
          + "010000d4" // svc #0x0
          + "c0035fd6"; // ret

  private Code() {}

  /** Returns the code for an architecture. */
  public static byte[] of(Abi abi) {
    return MachineCode.parse(abi == Abi.X86_64 ? X86_64 : AARCH64);
  }
}
