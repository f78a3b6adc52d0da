package nixbuildshell.terminal;

import nixbuildshell.abi.Abi;
import nixbuildshell.kernel.MachineCode;

/** Has the code of {@code asm/terminal/ARCH.S}. Written by {@code src/build/assemble}. */
public final class Code {
  private static final String X86_64 =
      ""
          + "" // restorer:
          + "b80f000000" // mov eax,0xf
          + "0f05" // syscall
          + "cc" // int3
          + "" // handler:
          + "f30f1efa" // endbr64
          + "57" // push rdi
          + "b801000000" // mov eax,0x1
          + "8b3d0c000000" // mov edi,DWORD PTR [rip+0xc] # <descriptor>
          + "4889e6" // mov rsi,rsp
          + "ba01000000" // mov edx,0x1
          + "0f05" // syscall
          + "5f" // pop rdi
          + "c3"; // ret

  private static final String AARCH64 =
      ""
          + "" // restorer:
          + "681180d2" // mov x8, #0x8b
          + "010000d4" // svc #0x0
          + "" // handler:
          + "5f2403d5" // bti c
          + "e00f1ff8" // str x0, [sp, #-16]!
          + "080880d2" // mov x8, #0x40
          + "c0000018" // ldr w0, <descriptor>
          + "e1030091" // mov x1, sp
          + "220080d2" // mov x2, #0x1
          + "010000d4" // svc #0x0
          + "ff430091" // add sp, sp, #0x10
          + "c0035fd6"; // ret

  private Code() {}

  /** Returns the code for an architecture. */
  public static byte[] of(Abi abi) {
    return MachineCode.parse(abi == Abi.X86_64 ? X86_64 : AARCH64);
  }
}
