package nixbuildshell.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Abi;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.sandbox.CallFilter;
import nixbuildshell.sandbox.CallFilter.Always;
import nixbuildshell.sandbox.CallFilter.Refusal;
import nixbuildshell.sandbox.Generation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Checks the programs of filters, call by call. It is the only test for aarch64: qemu-user has no
 * seccomp.
 */
class FilterProgramTest {
  private static final int ALLOW = 0x7fff0000;
  private static final int EPERM = 0x00050001;
  private static final int EOPNOTSUPP = 0x0005005f;
  private static final int KILL = 0;

  private static final int X32 = 0x40000000;
  private static final int TIOCSTI = 0x5412;
  private static final int TIOCLINUX = 0x541c;
  private static final long HIGH = 0xabcdef00000000L;

  /** Holds an ABI's numbers, typed from the kernel's tables; -1 for a call that it lacks. */
  private record Numbers(
      Abi machine,
      int arch,
      int bit,
      int chmod,
      int fchmod,
      int fchmodat,
      int fchmodat2,
      int setxattr,
      int getxattr,
      int listxattr,
      int ioctl) {}

  private static final List<Numbers> ABIS =
      List.of(
          new Numbers(Abi.X86_64, 0xc000003e, 0, 90, 91, 268, 452, 188, 191, 194, 16),
          new Numbers(Abi.X86_64, 0xc000003e, X32, 90, 91, 268, 452, 188, 191, 194, 514),
          new Numbers(Abi.X86_64, 0x40000003, 0, 15, 94, 306, 452, 226, 229, 232, 54),
          new Numbers(Abi.AARCH64, 0xc00000b7, 0, -1, 52, 53, 452, 5, 8, 11, 29),
          new Numbers(Abi.AARCH64, 0x40000028, 0, 15, 94, 333, 452, 226, 229, 232, 54));

  static Stream<Arguments> abis() {
    return ABIS.stream()
        .flatMap(
            abi -> Stream.of(Generation.values()).map(generation -> Arguments.of(abi, generation)));
  }

  private static BpfMachine machine(Numbers abi, CallFilter filter) {
    return new BpfMachine(FilterProgram.bytes(filter, abi.machine));
  }

  @ParameterizedTest
  @MethodSource("abis")
  void setIdModesAreRefused(Numbers abi, Generation generation) {
    BpfMachine filter = machine(abi, CallFilter.of(generation));
    for (long mode : List.of(04755L, 02755L, 06000L, 07777L, HIGH | 04755, 0x10000 | 02755L)) {
      assertEquals(EPERM, filter.run(abi.arch, abi.bit | abi.fchmod, 3, mode));
      assertEquals(EPERM, filter.run(abi.arch, abi.bit | abi.fchmodat, -100, 0x1000, mode));
      assertEquals(EPERM, filter.run(abi.arch, abi.bit | abi.fchmodat2, -100, 0x1000, mode, 0));
      if (abi.chmod >= 0) {
        assertEquals(EPERM, filter.run(abi.arch, abi.bit | abi.chmod, 0x1000, mode));
      }
    }
    // Set-id bits in another argument, or in the half that the kernel ignores.
    for (long mode : List.of(0755L, 01777L, HIGH | 0755, 06000L << 32, 0L)) {
      assertEquals(ALLOW, filter.run(abi.arch, abi.bit | abi.fchmod, 06000, mode, 06000));
      assertEquals(ALLOW, filter.run(abi.arch, abi.bit | abi.fchmodat, 06000, 06000, mode, 06000));
      assertEquals(ALLOW, filter.run(abi.arch, abi.bit | abi.fchmodat2, 06000, 06000, mode, 06000));
      if (abi.chmod >= 0) {
        assertEquals(ALLOW, filter.run(abi.arch, abi.bit | abi.chmod, 06000, mode, 06000));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("abis")
  void extendedAttributesAreNotSupported(Numbers abi, Generation generation) {
    BpfMachine filter = machine(abi, CallFilter.of(generation));
    int read = generation == Generation.NESTED ? EOPNOTSUPP : ALLOW;
    for (int family = 0; family < 3; family++) {
      assertEquals(EOPNOTSUPP, filter.run(abi.arch, abi.bit | abi.setxattr + family));
      assertEquals(read, filter.run(abi.arch, abi.bit | abi.getxattr + family));
      assertEquals(ALLOW, filter.run(abi.arch, abi.bit | abi.listxattr + family));
    }
  }

  @ParameterizedTest
  @MethodSource("abis")
  void nothingIsPushedIntoATerminal(Numbers abi, Generation generation) {
    for (CallFilter each : List.of(CallFilter.LEAST, CallFilter.of(generation))) {
      BpfMachine filter = machine(abi, each);
      for (long command : List.of(TIOCSTI, TIOCLINUX)) {
        assertEquals(EPERM, filter.run(abi.arch, abi.bit | abi.ioctl, 0, command, 0x1000));
        // An ioctl's command is an unsigned int.
        assertEquals(EPERM, filter.run(abi.arch, abi.bit | abi.ioctl, 0, HIGH | command, 0x1000));
        assertEquals(EPERM, filter.run(abi.arch, abi.bit | abi.ioctl, 0, 1L << 32 | command, 0));
        assertEquals(ALLOW, filter.run(abi.arch, abi.bit | abi.ioctl, 0, 0x10000 | command, 0));
        assertEquals(ALLOW, filter.run(abi.arch, abi.bit | abi.ioctl, command, 0x5413, command));
        assertEquals(ALLOW, filter.run(abi.arch, abi.bit | abi.ioctl, 0, command << 32, 0));
      }
    }
  }

  /** Kernels before 5.4 take the number of x32 without its bit, and that of x86_64 with it. */
  @Test
  void nothingIsPushedIntoATerminalOverTheOtherNumber() {
    BpfMachine filter = new BpfMachine(FilterProgram.bytes(CallFilter.LEAST, Abi.X86_64));
    for (int number : List.of(16, 514, X32 | 16, X32 | 514)) {
      assertEquals(EPERM, filter.run(0xc000003e, number, 0, TIOCSTI));
    }
  }

  /** Tries all other numbers, with arguments that a filtered call must not have. */
  @ParameterizedTest
  @MethodSource("abis")
  void allElseIsAllowed(Numbers abi, Generation generation) {
    BpfMachine filter = machine(abi, CallFilter.of(generation));
    List<Integer> known =
        Stream.of(abi.chmod, abi.fchmod, abi.fchmodat, abi.fchmodat2, 16, 514, abi.ioctl).toList();
    List<Integer> attributes =
        IntStream.range(0, 3)
            .boxed()
            .flatMap(i -> Stream.of(abi.setxattr + i, abi.getxattr + i))
            .toList();
    for (int number = 0; number < 1024; number++) {
      if (!known.contains(number) && !attributes.contains(number)) {
        long set = 06000;
        assertEquals(ALLOW, filter.run(abi.arch, abi.bit | number, set, set, set, set, set, set));
        assertEquals(ALLOW, filter.run(abi.arch, abi.bit | number, TIOCSTI, TIOCSTI, TIOCSTI));
      }
    }
    assertEquals(ALLOW, filter.run(abi.arch, -1, 06000, 06000));
  }

  @ParameterizedTest
  @MethodSource("abis")
  void anUnknownAbiIsKilled(Numbers abi, Generation generation) {
    BpfMachine filter = machine(abi, CallFilter.of(generation));
    for (int arch : List.of(0, 0x40000016, 0xc0000016, 0xc00000f3)) {
      assertEquals(KILL, filter.run(arch, 0));
    }
    for (Numbers other : ABIS) {
      if (other.machine != abi.machine) {
        assertEquals(KILL, filter.run(other.arch, other.fchmod, 3, 0755));
      }
    }
  }

  @Test
  void onlyTheTerminalsAreGuardedWhereNixFiltersNothing() {
    for (Numbers abi : ABIS) {
      BpfMachine filter = machine(abi, CallFilter.LEAST);
      assertEquals(ALLOW, filter.run(abi.arch, abi.bit | abi.fchmod, 3, 06755));
      assertEquals(ALLOW, filter.run(abi.arch, abi.bit | abi.setxattr));
    }
  }

  @Test
  void aCallIsRefusedInOneWay() {
    Refusal one = new Refusal(List.of(Syscall.CHMOD), new Always(), Errno.EPERM);
    Refusal two =
        new Refusal(List.of(Syscall.IOCTL, Syscall.CHMOD), new Always(), Errno.EOPNOTSUPP);
    assertThrows(IllegalArgumentException.class, () -> new CallFilter(List.of(one, two)));
  }

  /** Reads {@code struct sock_fprog}: the number of instructions, and their address. */
  @Test
  void theImageHasTheProgramAndItsAddress() {
    long base = 0x7f0000001000L;
    for (Abi abi : Abi.values()) {
      byte[] program = FilterProgram.bytes(CallFilter.of(Generation.NESTED), abi);
      Argument filter = new Argument.Filter(CallFilter.of(Generation.NESTED));
      Step step = Step.of("f", Syscall.SECCOMP, Argument.number(1), Argument.number(0), filter);
      Plan plan = new Plan(List.of(step, Step.of("x", Syscall.EXECVE, Argument.text("x"))));
      ByteBuffer image =
          ByteBuffer.wrap(ImageTest.at(Image.of(plan, abi, 0), base))
              .order(ByteOrder.LITTLE_ENDIAN);
      int pointer = (int) (image.getLong(Image.record(0) + 3 * Image.WORD) - base);
      assertEquals(program.length / 8, image.getLong(pointer));
      int address = (int) (image.getLong(pointer + Image.WORD) - base);
      byte[] placed = new byte[program.length];
      image.get(address, placed);
      assertEquals(ByteString.of(program), ByteString.of(placed));
    }
  }
}
