package nixbuildshell.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Abi;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.files.EntryList;
import nixbuildshell.files.FileType;
import nixbuildshell.store.StorePath;
import nixbuildshell.store.TestStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageTest {
  private static final long BASE = 0x10000000L;
  private static final long NEVER = Long.MIN_VALUE;

  private static final Plan SMALL =
      new Plan(
          List.of(
              Step.of("open", Syscall.OPENAT, Argument.number(-100), Argument.text("/x"))
                  .tolerating(Errno.ENOENT, "none")
                  .tolerating(Errno.ELOOP, "a link"),
              Step.of("read", Syscall.READ, new Argument.Result(0), data(new byte[9]))
                  .expecting(1)
                  .leavingWhenPositive(),
              Step.of("run", Syscall.EXECVE, Argument.text("/bin/sh"), strings("sh", "-c"))));

  /** Has hexadecimal words; a plus stands for the base address, dots for {@link #NEVER}. */
  private static final String SMALL_IN_WORDS =
      """
      10000011 ffffffffffffffff 0 0 0 0 0 0

      101 ffffffffffffff9c +240 0 0 0 0
      0 0 0 fffffffffffffffe ffffffffffffffd8 0 0 ... 0

      0 +b0 +248 0 0 0 0
      1 3 1 0 0 0 0 ... 0

      3b +258 +270 0 0 0 0
      0 0 0 0 0 0 0 ... 0

      e7 7d 0 0 0 0 0
      0 1 ... 0 0 0 0 ... 0

      782f
      0 0
      68732f6e69622f
      6873
      632d
      +260 +268 0
      """;

  @Test
  void laysASmallPlanOutToTheByte() {
    String[] words = SMALL_IN_WORDS.strip().split("\\s+");
    ByteBuffer expected = Image.words(new byte[words.length * 8]);
    for (String word : words) {
      expected.putLong(word(word));
    }
    Image image = Image.of(SMALL, Abi.X86_64, 0x10000011);
    assertEquals(expected.capacity(), image.size());
    assertArrayEquals(expected.array(), at(image, BASE));
  }

  /** Returns the bytes of an image for an address. */
  static byte[] at(Image image, long base) {
    byte[] bytes = new byte[image.size()];
    image.write(ByteBuffer.wrap(bytes), base);
    return bytes;
  }

  private static long word(String word) {
    if (word.equals("...")) {
      return NEVER;
    }
    return word.startsWith("+")
        ? BASE + Long.parseLong(word.substring(1), 16)
        : Long.parseUnsignedLong(word, 16);
  }

  @Test
  void onlyTheNumbersOfTheCallsDifferByArchitecture() {
    ByteBuffer x86 = Image.words(at(Image.of(SMALL, Abi.X86_64, 17), BASE));
    ByteBuffer arm = Image.words(at(Image.of(SMALL, Abi.AARCH64, 17), BASE));
    long[] numbers = {56, 63, 221, 94};
    for (int i = 0; i < numbers.length; i++) {
      assertEquals(numbers[i], arm.getLong(Image.record(i)));
      x86.putLong(Image.record(i), numbers[i]);
    }
    assertArrayEquals(x86.array(), arm.array());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void everyArgumentIsFoundAgainInsideTheImage(int seed) {
    Random random = new Random(seed);
    Plan plan = new Plan(steps(random));
    Image image = Image.of(plan, Abi.X86_64, 17);
    for (long base : new long[] {0, BASE, 0x7fff_ffff_f000L}) {
      ByteBuffer memory = Image.words(at(image, base));
      assertEquals(image.size(), memory.capacity());
      assertEquals(0, memory.capacity() % 8);
      for (int i = 0; i < plan.steps().size(); i++) {
        List<Argument> arguments = plan.steps().get(i).arguments();
        for (int j = 0; j < 6; j++) {
          long value = memory.getLong(Image.record(i) + 8 + j * 8);
          boolean reference = (memory.getLong(Image.record(i) + 56) >>> j & 1) != 0;
          Argument argument = j < arguments.size() ? arguments.get(j) : Argument.number(0);
          assertEquals(argument instanceof Argument.Result, reference);
          assertHolds(argument, memory, base, value);
        }
      }
    }
  }

  private static void assertHolds(Argument argument, ByteBuffer memory, long base, long value) {
    if (argument instanceof Argument.Number number) {
      assertEquals(number.value(), value);
      return;
    }
    int offset = (int) (value - base);
    assertEquals(0, offset % 8);
    if (argument instanceof Argument.Text text) {
      assertEquals(text.value(), string(memory, offset));
    } else if (argument instanceof Argument.Data data) {
      byte[] bytes = new byte[data.value().length()];
      memory.get(offset, bytes);
      assertArrayEquals(data.value().bytes(), bytes);
    } else if (argument instanceof Argument.Result result) {
      assertEquals(Image.record(result.step()) + 14 * 8, offset);
    } else if (argument instanceof Argument.Strings strings) {
      List<ByteString> found = new ArrayList<>();
      for (; memory.getLong(offset) != 0; offset += 8) {
        found.add(string(memory, (int) (memory.getLong(offset) - base)));
      }
      assertEquals(strings.values(), found);
    }
  }

  private static ByteString string(ByteBuffer memory, int offset) {
    int end = offset;
    while (memory.get(end) != 0) {
      end++;
    }
    byte[] bytes = new byte[end - offset];
    memory.get(offset, bytes);
    return ByteString.of(bytes);
  }

  private static List<Step> steps(Random random) {
    List<Step> steps = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      Argument[] arguments = new Argument[random.nextInt(7)];
      for (int j = 0; j < arguments.length; j++) {
        arguments[j] =
            switch (random.nextInt(i == 0 ? 4 : 5)) {
              case 0 -> Argument.number(random.nextLong());
              case 1 -> new Argument.Text(bytes(random, 1));
              case 2 -> new Argument.Data(bytes(random, 0), "data");
              case 3 -> new Argument.Strings(List.of(bytes(random, 1), bytes(random, 1)));
              default -> new Argument.Result(random.nextInt(i));
            };
      }
      steps.add(Step.of("step " + i, Syscall.GETPID, arguments));
    }
    return steps;
  }

  private static ByteString bytes(Random random, int lowest) {
    byte[] bytes = new byte[random.nextInt(20)];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (lowest + random.nextInt(256 - lowest));
    }
    return ByteString.of(bytes);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 1, 2, 7})
  void aResultIsThatOfAnEarlierStep(int step) {
    Plan plan =
        new Plan(
            List.of(
                Step.of("first", Syscall.GETPID),
                Step.of("second", Syscall.CLOSE, new Argument.Result(step))));
    assertThrows(IllegalArgumentException.class, () -> Image.of(plan, Abi.X86_64, 17));
  }

  private static StorePath path(String name) {
    return new StorePath("0123456789abcdfghijklmnpqrsvwxyz", name);
  }

  private static EachPath eachMount() {
    Step mount =
        Steps.mount(
            Step.Kind.OTHER,
            "mount /s/",
            new Argument.InStore(ByteString.of("/h/")),
            new Argument.InStore(ByteString.of("root/s/")),
            new Argument.Number(4096, "MS_BIND"));
    return new EachPath(mount, TestStore.list(FileType.REGULAR, path("a"), path("bcd")));
  }

  private static final Plan EACH_PATH =
      new Plan(
          List.of(
              eachMount(), Step.of("last", Syscall.CLOSE, new Argument.Result(0)), execute("")));

  /** Has the names first: "0123…-a", "0123…-bcd" and an empty one. */
  @Test
  void aStepForEachPathIsOneRecord() {
    Image image = Image.of(EACH_PATH, Abi.X86_64, 17);
    ByteBuffer memory = Image.words(at(image, BASE));
    int names = Image.record(4);
    int from = names + 80;
    int to = from + 264;
    long[] record = new long[16];
    for (int i = 0; i < record.length; i++) {
      record[i] = memory.getLong(Image.record(0) + i * 8);
    }
    assertArrayEquals(
        new long[] {
          165,
          BASE + from,
          BASE + to,
          0,
          4096,
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          BASE + from + 3,
          BASE + to + 7,
          NEVER,
          BASE + names
        },
        record);
    assertEquals(ByteString.of(path("a").baseName()), string(memory, names));
    assertEquals(ByteString.of(path("bcd").baseName()), string(memory, names + 35));
    assertEquals(ByteString.EMPTY, string(memory, names + 35 + 37));
    assertEquals(ByteString.of("/h/"), string(memory, from));
    assertEquals(ByteString.of("root/s/"), string(memory, to));
  }

  @Test
  void judgesAStepForEachPathByTheNameThatItIsAt() {
    Step first = eachMount().step(0);
    Step second = eachMount().step(1);
    Step next = EACH_PATH.steps().get(2);
    assertEquals("mount /s/" + path("bcd"), second.label());
    assertEquals(new Outcome.Stopped(0, first), outcomeAt(0, NEVER, NEVER));
    assertEquals(new Outcome.Failed(0, first, 2), outcomeAt(0, -2, NEVER));
    assertEquals(new Outcome.Stopped(0, second), outcomeAt(35, 0, NEVER));
    assertEquals(new Outcome.Failed(0, second, 2), outcomeAt(35, -2, NEVER));
    assertEquals(new Outcome.Stopped(1, next), outcomeAt(35 + 37, 0, NEVER));
    assertEquals(new Outcome.Failed(1, next, 9), outcomeAt(35 + 37, 0, -9));
  }

  private static Outcome outcomeAt(int name, long... results) {
    Image image = Image.of(EACH_PATH, Abi.X86_64, 17);
    ByteBuffer memory = Image.words(at(image, BASE));
    int word = Image.record(0) + 15 * 8;
    memory.putLong(word, memory.getLong(word) + name);
    return outcome(image, memory, results);
  }

  @Test
  void aStepForEachPathTakesNumbersAndTwoPaths() {
    EntryList one = TestStore.list(FileType.REGULAR, path("a"));
    Argument.InStore in = new Argument.InStore(ByteString.of("/h/"));
    Step bad = Step.of("link", Syscall.SYMLINKAT, in, in);
    for (int i = 0; i <= EachPath.MOST_TOLERATED; i++) {
      bad = bad.tolerating(Errno.EEXIST, "test");
    }
    List<Step> all =
        List.of(
            Step.of("run", Syscall.EXECVE, Argument.text("/bin/sh")),
            Step.of("run", Syscall.EXECVE, in, in, Argument.text("/bin/sh")),
            Step.of("open", Syscall.OPENAT, in),
            Step.of("pid", Syscall.GETPID),
            Step.of("link", Syscall.SYMLINKAT, in, in, in),
            bad);
    for (Step each : all) {
      assertThrows(IllegalArgumentException.class, () -> new EachPath(each, one));
    }
    Step good = Step.of("link", Syscall.SYMLINKAT, in, in);
    assertThrows(IllegalArgumentException.class, () -> new EachPath(good, EntryList.of(List.of())));
  }

  @Test
  void aStringHasNoNul() {
    for (Argument bad : List.of(Argument.text("/a\0b"), strings("a", "b\0"))) {
      Plan plan = new Plan(List.of(Step.of("run", Syscall.EXECVE, bad)));
      assertThrows(IllegalArgumentException.class, () -> Image.of(plan, Abi.X86_64, 17));
    }
  }

  @Test
  void aPlanHasSteps() {
    Plan none = new Plan(List.of());
    assertThrows(IllegalArgumentException.class, () -> Image.of(none, Abi.X86_64, 17));
  }

  @Test
  void judgesByTheResultsThatTheChildLeft() {
    Step open = SMALL.steps().get(0);
    Step read = SMALL.steps().get(1);
    Step run = SMALL.steps().get(2);
    assertEquals(new Outcome.Stopped(0, open), outcome(NEVER, NEVER, NEVER));
    assertEquals(new Outcome.Failed(0, open, 13), outcome(-13, NEVER, NEVER));
    assertEquals(new Outcome.Failed(0, open, 4095), outcome(-4095, NEVER, NEVER));
    assertEquals(new Outcome.Stopped(1, read), outcome(-2, NEVER, NEVER), "tolerated");
    assertEquals(new Outcome.Stopped(1, read), outcome(-40, NEVER, NEVER), "tolerated");
    assertEquals(new Outcome.Stopped(1, read), outcome(-4096, NEVER, NEVER), "not an error");
    assertEquals(new Outcome.Unexpected(1, read, 0), outcome(3, 0, NEVER));
    assertEquals(new Outcome.Failed(1, read, 4), outcome(3, -4, NEVER));
    assertEquals(new Outcome.Ran(), outcome(3, 1, NEVER));
    assertEquals(new Outcome.Failed(2, run, 2), outcome(3, 1, -2));
    assertEquals(new Outcome.Unexpected(2, run, 0), outcome(3, 1, 0));
  }

  /** Judges as execvp(3) does. */
  @Test
  void aProgramThatMayNotBeExecutedIsNotMissing() {
    Step first = execute("/a/x").tolerating(Errno.ENOENT, "").tolerating(Errno.EACCES, "");
    Step last = execute("/b/x");
    Plan plan = new Plan(List.of(first, last));
    assertEquals(new Outcome.Failed(0, first, 13), outcome(plan, -13, -2));
    assertEquals(new Outcome.Failed(0, first, 13), outcome(plan, -13, -20));
    assertEquals(new Outcome.Failed(1, last, 2), outcome(plan, -2, -2));
    assertEquals(new Outcome.Failed(1, last, 8), outcome(plan, -13, -8));
    assertEquals(new Outcome.Ran(), outcome(plan, -13, NEVER));
  }

  private static Step execute(String path) {
    return Step.of("execute " + path, Syscall.EXECVE, Argument.text(path), strings(), strings());
  }

  private static Outcome outcome(long... results) {
    return outcome(SMALL, results);
  }

  private static Outcome outcome(Plan plan, long... results) {
    Image image = Image.of(plan, Abi.X86_64, 17);
    return outcome(image, Image.words(at(image, BASE)), results);
  }

  private static Outcome outcome(Image image, ByteBuffer memory, long... results) {
    for (int i = 0; i < results.length; i++) {
      memory.putLong(Image.record(i) + Image.RESULT * 8, results[i]);
    }
    byte[] judged = new byte[image.judged()];
    memory.get(0, judged);
    return image.outcome(ByteBuffer.wrap(judged));
  }

  @ParameterizedTest
  @EnumSource(Abi.class)
  void saysWhy(Abi abi) {
    Image image = Image.of(SMALL, abi, 17);
    ByteBuffer memory = Image.words(at(image, BASE));
    memory.putLong(Image.record(0) + Image.RESULT * 8, -13);
    Outcome outcome = image.outcome(memory);
    assertTrue(outcome.why().startsWith("openat(-100, \"/x\")"), outcome.why());
    assertTrue(outcome.why().endsWith(": EACCES (permission denied)"), outcome.why());
  }

  private static Argument data(byte[] bytes) {
    return new Argument.Data(ByteString.of(bytes), "buffer");
  }

  private static Argument strings(String... values) {
    return new Argument.Strings(List.of(values).stream().map(ByteString::of).toList());
  }
}
