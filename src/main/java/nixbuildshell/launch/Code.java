package nixbuildshell.launch;

import nixbuildshell.abi.Abi;
import nixbuildshell.kernel.MachineCode;

/** Has the code of {@code asm/launch/ARCH.S}. Written by {@code src/build/assemble}. */
public final class Code {
  private static final String X86_64 =
      ""
          + "" // run:
          + "f30f1efa" // endbr64
          + "53" // push rbx
          + "4889fb" // mov rbx,rdi
          + "b80e000000" // mov eax,0xe
          + "bf02000000" // mov edi,0x2
          + "488d7308" // lea rsi,[rbx+0x8]
          + "488d5310" // lea rdx,[rbx+0x10]
          + "41ba08000000" // mov r10d,0x8
          + "0f05" // syscall
          + "b838000000" // mov eax,0x38
          + "488b3b" // mov rdi,QWORD PTR [rbx]
          + "31f6" // xor esi,esi
          + "31d2" // xor edx,edx
          + "4531d2" // xor r10d,r10d
          + "4531c0" // xor r8d,r8d
          + "0f05" // syscall
          + "4885c0" // test rax,rax
          + "7420" // je <child>
          + "4989c0" // mov r8,rax
          + "b80e000000" // mov eax,0xe
          + "bf02000000" // mov edi,0x2
          + "488d7310" // lea rsi,[rbx+0x10]
          + "31d2" // xor edx,edx
          + "41ba08000000" // mov r10d,0x8
          + "0f05" // syscall
          + "4c89c0" // mov rax,r8
          + "5b" // pop rbx
          + "c3" // ret
          + "" // child:
          + "4883c340" // add rbx,0x40
          + "" // step:
          + "4c8b6378" // mov r12,QWORD PTR [rbx+0x78]
          + "4d85e4" // test r12,r12
          + "741d" // je <call>
          + "488b7b60" // mov rdi,QWORD PTR [rbx+0x60]
          + "488b7368" // mov rsi,QWORD PTR [rbx+0x68]
          + "418a0424" // mov al,BYTE PTR [r12]
          + "8807" // mov BYTE PTR [rdi],al
          + "8806" // mov BYTE PTR [rsi],al
          + "49ffc4" // inc r12
          + "48ffc7" // inc rdi
          + "48ffc6" // inc rsi
          + "84c0" // test al,al
          + "75eb" // jne <step+0x11>
          + "" // call:
          + "488b7b08" // mov rdi,QWORD PTR [rbx+0x8]
          + "488b7310" // mov rsi,QWORD PTR [rbx+0x10]
          + "488b5318" // mov rdx,QWORD PTR [rbx+0x18]
          + "4c8b5320" // mov r10,QWORD PTR [rbx+0x20]
          + "4c8b4328" // mov r8,QWORD PTR [rbx+0x28]
          + "4c8b4b30" // mov r9,QWORD PTR [rbx+0x30]
          + "488b4338" // mov rax,QWORD PTR [rbx+0x38]
          + "d1e8" // shr eax,1
          + "7303" // jae <call+0x23>
          + "488b3f" // mov rdi,QWORD PTR [rdi]
          + "d1e8" // shr eax,1
          + "7303" // jae <call+0x2a>
          + "488b36" // mov rsi,QWORD PTR [rsi]
          + "d1e8" // shr eax,1
          + "7303" // jae <call+0x31>
          + "488b12" // mov rdx,QWORD PTR [rdx]
          + "d1e8" // shr eax,1
          + "7303" // jae <call+0x38>
          + "4d8b12" // mov r10,QWORD PTR [r10]
          + "d1e8" // shr eax,1
          + "7303" // jae <call+0x3f>
          + "4d8b00" // mov r8,QWORD PTR [r8]
          + "d1e8" // shr eax,1
          + "7303" // jae <call+0x46>
          + "4d8b09" // mov r9,QWORD PTR [r9]
          + "488b03" // mov rax,QWORD PTR [rbx]
          + "0f05" // syscall
          + "48894370" // mov QWORD PTR [rbx+0x70],rax
          + "483d01f0ffff" // cmp rax,0xfffffffffffff001
          + "7337" // jae <error>
          + "f6434001" // test BYTE PTR [rbx+0x40],0x1
          + "7406" // je <call+0x63>
          + "483b4348" // cmp rax,QWORD PTR [rbx+0x48]
          + "7543" // jne <broken>
          + "f6434002" // test BYTE PTR [rbx+0x40],0x2
          + "7405" // je <next>
          + "4885c0" // test rax,rax
          + "7f3f" // jg <leave>
          + "" // next:
          + "4d85e4" // test r12,r12
          + "740f" // je <next+0x14>
          + "4c896378" // mov QWORD PTR [rbx+0x78],r12
          + "41803c2400" // cmp BYTE PTR [r12],0x0
          + "0f8558ffffff" // jne <step>
          + "4881c380000000" // add rbx,0x80
          + "e94cffffff" // jmp <step>
          + "" // error:
          + "483b4350" // cmp rax,QWORD PTR [rbx+0x50]
          + "74da" // je <next>
          + "483b4358" // cmp rax,QWORD PTR [rbx+0x58]
          + "74d4" // je <next>
          + "483b4360" // cmp rax,QWORD PTR [rbx+0x60]
          + "74ce" // je <next>
          + "483b4368" // cmp rax,QWORD PTR [rbx+0x68]
          + "74c8" // je <next>
          + "" // broken:
          + "bf7d000000" // mov edi,0x7d
          + "eb02" // jmp <exit>
          + "" // leave:
          + "31ff" // xor edi,edi
          + "" // exit:
          + "b8e7000000" // mov eax,0xe7
          + "0f05" // syscall
          + "0f0b"; // ud2

  private static final String AARCH64 =
      ""
          + "" // run:
          + "5f2403d5" // bti c
          + "e90300aa" // mov x9, x0
          + "e81080d2" // mov x8, #0x87
          + "400080d2" // mov x0, #0x2
          + "21210091" // add x1, x9, #0x8
          + "22410091" // add x2, x9, #0x10
          + "030180d2" // mov x3, #0x8
          + "010000d4" // svc #0x0
          + "881b80d2" // mov x8, #0xdc
          + "200140f9" // ldr x0, [x9]
          + "010080d2" // mov x1, #0x0
          + "020080d2" // mov x2, #0x0
          + "030080d2" // mov x3, #0x0
          + "040080d2" // mov x4, #0x0
          + "010000d4" // svc #0x0
          + "400100b4" // cbz x0, <child>
          + "ea0300aa" // mov x10, x0
          + "e81080d2" // mov x8, #0x87
          + "400080d2" // mov x0, #0x2
          + "21410091" // add x1, x9, #0x10
          + "020080d2" // mov x2, #0x0
          + "030180d2" // mov x3, #0x8
          + "010000d4" // svc #0x0
          + "e0030aaa" // mov x0, x10
          + "c0035fd6" // ret
          + "" // child:
          + "29010191" // add x9, x9, #0x40
          + "" // step:
          + "2d3d40f9" // ldr x13, [x9, #120]
          + "cd0000b4" // cbz x13, <call>
          + "200546a9" // ldp x0, x1, [x9, #96]
          + "a2154038" // ldrb w2, [x13], #1
          + "02140038" // strb w2, [x0], #1
          + "22140038" // strb w2, [x1], #1
          + "a2ffff35" // cbnz w2, <step+0xc>
          + "" // call:
          + "208540a9" // ldp x0, x1, [x9, #8]
          + "228d41a9" // ldp x2, x3, [x9, #24]
          + "249542a9" // ldp x4, x5, [x9, #40]
          + "2a1d40f9" // ldr x10, [x9, #56]
          + "4a000036" // tbz w10, #0, <call+0x18>
          + "000040f9" // ldr x0, [x0]
          + "4a000836" // tbz w10, #1, <call+0x20>
          + "210040f9" // ldr x1, [x1]
          + "4a001036" // tbz w10, #2, <call+0x28>
          + "420040f9" // ldr x2, [x2]
          + "4a001836" // tbz w10, #3, <call+0x30>
          + "630040f9" // ldr x3, [x3]
          + "4a002036" // tbz w10, #4, <call+0x38>
          + "840040f9" // ldr x4, [x4]
          + "4a002836" // tbz w10, #5, <call+0x40>
          + "a50040f9" // ldr x5, [x5]
          + "280140f9" // ldr x8, [x9]
          + "010000d4" // svc #0x0
          + "203900f9" // str x0, [x9, #112]
          + "1ffc3fb1" // cmn x0, #0xfff
          + "e2010054" // b.cs <error>
          + "2a2140f9" // ldr x10, [x9, #64]
          + "8a000036" // tbz w10, #0, <call+0x68>
          + "2b2540f9" // ldr x11, [x9, #72]
          + "1f000beb" // cmp x0, x11
          + "81020054" // b.ne <broken>
          + "6a000836" // tbz w10, #1, <next>
          + "1f0000f1" // cmp x0, #0x0
          + "6c020054" // b.gt <leave>
          + "" // next:
          + "8d0000b4" // cbz x13, <next+0x10>
          + "2d3d00f9" // str x13, [x9, #120]
          + "aa014039" // ldrb w10, [x13]
          + "2afbff35" // cbnz w10, <step>
          + "29010291" // add x9, x9, #0x80
          + "d7ffff17" // b <step>
          + "" // error:
          + "2b3145a9" // ldp x11, x12, [x9, #80]
          + "1f000beb" // cmp x0, x11
          + "00ffff54" // b.eq <next>
          + "1f000ceb" // cmp x0, x12
          + "c0feff54" // b.eq <next>
          + "2b3146a9" // ldp x11, x12, [x9, #96]
          + "1f000beb" // cmp x0, x11
          + "60feff54" // b.eq <next>
          + "1f000ceb" // cmp x0, x12
          + "20feff54" // b.eq <next>
          + "" // broken:
          + "a00f80d2" // mov x0, #0x7d
          + "02000014" // b <exit>
          + "" // leave:
          + "000080d2" // mov x0, #0x0
          + "" // exit:
          + "c80b80d2" // mov x8, #0x5e
          + "010000d4" // svc #0x0
          + "00000000"; // udf #0

  private Code() {}

  /** Returns the code for an architecture. */
  public static byte[] of(Abi abi) {
    return MachineCode.parse(abi == Abi.X86_64 ? X86_64 : AARCH64);
  }
}
