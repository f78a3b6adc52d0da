package nixbuildshell.plan;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import nixbuildshell.abi.Abi;
import nixbuildshell.abi.CallAbi;
import nixbuildshell.abi.Syscall;
import nixbuildshell.sandbox.CallFilter;
import nixbuildshell.sandbox.CallFilter.Always;
import nixbuildshell.sandbox.CallFilter.AnyBit;
import nixbuildshell.sandbox.CallFilter.OneOf;
import nixbuildshell.sandbox.CallFilter.Refusal;
import nixbuildshell.sandbox.CallFilter.Value;

/**
 * Compiles a filter to classic BPF, for seccomp(2). The program reads {@code struct seccomp_data}:
 * the number, the ABI, the instruction's address and six arguments of 8 bytes. For each ABI it
 * checks each number with a few instructions. They return, or leave the number in the accumulator
 * for the next check.
 */
final class FilterProgram {
  /** Holds a {@code struct sock_filter}: code, two jump offsets, an operand. */
  record Instruction(int code, int jumpTrue, int jumpFalse, int operand) {
    static final int SIZE = 8;

    Instruction {
      if (jumpTrue >>> 8 != 0 || jumpFalse >>> 8 != 0) {
        throw new IllegalArgumentException("too far: " + jumpTrue + ", " + jumpFalse);
      }
    }
  }

  /** {@code linux/bpf_common.h}. */
  static final int LOAD = 0x20;

  static final int AND = 0x54;
  static final int IF_EQUAL = 0x15;
  static final int IF_ANY_BIT = 0x45;
  static final int RETURN = 0x06;

  /** {@code linux/seccomp.h}. */
  static final int ALLOW = 0x7fff0000;

  static final int ERRNO = 0x00050000;
  static final int KILL_THREAD = 0;

  static final int NUMBER = 0;
  static final int ARCH = 4;
  static final int ARGUMENTS = 16;

  private FilterProgram() {}

  /** Returns the program's bytes for a machine. */
  static byte[] bytes(CallFilter filter, Abi machine) {
    List<Instruction> program = of(filter, machine);
    ByteBuffer bytes =
        ByteBuffer.allocate(program.size() * Instruction.SIZE).order(ByteOrder.LITTLE_ENDIAN);
    for (Instruction each : program) {
      bytes.putShort((short) each.code);
      bytes.put((byte) each.jumpTrue).put((byte) each.jumpFalse).putInt(each.operand);
    }
    return bytes.array();
  }

  /** Returns the program. It kills a thread that calls in another ABI, as libseccomp does. */
  private static List<Instruction> of(CallFilter filter, Abi machine) {
    List<Instruction> program = new ArrayList<>();
    for (CallAbi abi : CallAbi.of(machine)) {
      List<Instruction> calls = calls(filter, abi);
      program.add(load(ARCH));
      program.add(new Instruction(IF_EQUAL, 0, calls.size(), abi.audited()));
      program.addAll(calls);
    }
    program.add(answer(KILL_THREAD));
    return program;
  }

  private static List<Instruction> calls(CallFilter filter, CallAbi abi) {
    List<Instruction> program = new ArrayList<>();
    program.add(load(NUMBER));
    if (abi == CallAbi.X86_64) {
      program.add(new Instruction(AND, 0, 0, ~CallAbi.X32_BIT));
    }
    for (Refusal refusal : filter.refusals()) {
      List<Instruction> judged = judged(refusal);
      for (Syscall call : refusal.calls()) {
        for (int number : abi.numbers(call)) {
          program.add(new Instruction(IF_EQUAL, 0, judged.size(), number));
          program.addAll(judged);
        }
      }
    }
    program.add(answer(ALLOW));
    return program;
  }

  /** Returns what happens to a call that has the right number. */
  private static List<Instruction> judged(Refusal refusal) {
    List<Instruction> program = new ArrayList<>();
    if (refusal.when() instanceof AnyBit bits) {
      program.add(load(low(bits.argument())));
      program.add(new Instruction(IF_ANY_BIT, 1, 0, bits.bits()));
      program.add(answer(ALLOW));
    } else if (refusal.when() instanceof OneOf one) {
      program.add(load(low(one.argument())));
      for (int i = 0; i < one.values().size(); i++) {
        Value value = one.values().get(i);
        program.add(new Instruction(IF_EQUAL, one.values().size() - i, 0, value.number()));
      }
      program.add(answer(ALLOW));
    } else if (!(refusal.when() instanceof Always)) {
      throw new IllegalStateException(refusal.toString());
    }
    program.add(answer(ERRNO | refusal.errno().number()));
    return program;
  }

  /** Returns the offset of an argument's low half. Both machines are little-endian. */
  private static int low(int argument) {
    return ARGUMENTS + argument * 8;
  }

  private static Instruction load(int offset) {
    return new Instruction(LOAD, 0, 0, offset);
  }

  private static Instruction answer(int action) {
    return new Instruction(RETURN, 0, 0, action);
  }
}
