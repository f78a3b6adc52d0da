package nixbuildshell.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Runs a filter as the kernel does: classic BPF over {@code struct seccomp_data}. First it makes
 * the kernel's checks of a program ({@code bpf_check_classic}, {@code seccomp_check_filter}).
 */
final class BpfMachine {
  private static final int INSTRUCTION = 8;
  private static final int DATA = 64;

  private final ByteBuffer program;

  BpfMachine(byte[] program) {
    this.program = ByteBuffer.wrap(program).order(ByteOrder.LITTLE_ENDIAN);
    int length = program.length / INSTRUCTION;
    assertTrue(length > 0 && length <= 4096, "length " + length);
    assertEquals(0, program.length % INSTRUCTION);
    for (int at = 0; at < length; at++) {
      check(at, length);
    }
    assertEquals(0x06, code(length - 1), "does not end in a return");
  }

  private void check(int at, int length) {
    switch (code(at)) {
      case 0x20 -> {
        assertTrue(operand(at) >= 0 && operand(at) < DATA, "loads from outside, at " + at);
        assertEquals(0, operand(at) % 4, "not aligned, at " + at);
      }
      case 0x15, 0x45 -> {
        assertTrue(at + 1 + jump(at, true) < length, "jumps out, at " + at);
        assertTrue(at + 1 + jump(at, false) < length, "jumps out, at " + at);
      }
      case 0x54, 0x06 -> {}
      default -> throw new AssertionError("an instruction that is not expected, at " + at);
    }
  }

  private int code(int at) {
    return program.getShort(at * INSTRUCTION) & 0xffff;
  }

  private int jump(int at, boolean taken) {
    return program.get(at * INSTRUCTION + (taken ? 2 : 3)) & 0xff;
  }

  private int operand(int at) {
    return program.getInt(at * INSTRUCTION + 4);
  }

  /** Returns what the program returns for a call. */
  int run(int arch, int number, long... arguments) {
    ByteBuffer data = ByteBuffer.allocate(DATA).order(ByteOrder.LITTLE_ENDIAN);
    data.putInt(number).putInt(arch).putLong(0x12345678L);
    for (long argument : arguments) {
      data.putLong(argument);
    }
    int accumulator = 0;
    int at = 0;
    while (true) {
      int operand = operand(at);
      switch (code(at)) {
        case 0x20 -> accumulator = data.getInt(operand);
        case 0x54 -> accumulator &= operand;
        case 0x15 -> at += jump(at, accumulator == operand);
        case 0x45 -> at += jump(at, (accumulator & operand) != 0);
        default -> {
          return operand;
        }
      }
      at++;
    }
  }
}
