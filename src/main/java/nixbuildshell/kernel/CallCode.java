package nixbuildshell.kernel;

import nixbuildshell.abi.Abi;

/** Has the code of {@code asm/kernel/call-ARCH.S}. Written by {@code src/build/assemble}. */
public final class CallCode {
  private static final String X86_64 =
      ""
          + "" // call:
          + "f30f1efa" // endbr64
          + "4889f8" // mov rax,rdi
          + "4889f7" // mov rdi,rsi
          + "4889d6" // mov rsi,rdx
          + "4889ca" // mov rdx,rcx
          + "4d89c2" // mov r10,r8
          + "4d89c8" // mov r8,r9
          + "4c8b4c2408" // mov r9,QWORD PTR [rsp+0x8]
          + "0f05" // syscall
          + "c3"; // ret

  private static final String AARCH64 =
      ""
          + "" // call:
          + "5f2403d5" // bti c
          + "e80300aa" // mov x8, x0
          + "e00301aa" // mov x0, x1
          + "e10302aa" // mov x1, x2
          + "e20303aa" // mov x2, x3
          + "e30304aa" // mov x3, x4
          + "e40305aa" // mov x4, x5
          + "e50306aa" // mov x5, x6
          + "010000d4" // svc #0x0
          + "c0035fd6"; // ret

  private CallCode() {}

  /** Returns the code for an architecture. */
  public static byte[] of(Abi abi) {
    return MachineCode.parse(abi == Abi.X86_64 ? X86_64 : AARCH64);
  }
}
