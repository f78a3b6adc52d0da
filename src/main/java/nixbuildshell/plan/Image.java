package nixbuildshell.plan;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Abi;
import nixbuildshell.abi.Errno;
import nixbuildshell.abi.Syscall;
import nixbuildshell.files.EntryList;
import nixbuildshell.plan.Outcome.Failed;
import nixbuildshell.plan.Outcome.Ran;
import nixbuildshell.plan.Outcome.Stopped;
import nixbuildshell.plan.Outcome.Unexpected;

/**
 * Holds the bytes of a plan, for the interpreter in machine code ({@code src/main/asm}). Parent and
 * child share them: the child writes each result there, and the parent reads how far the child
 * came.
 *
 * <p>All words are 8 bytes, little-endian. The image is a header, a record for each part of the
 * plan, a last record that makes {@code exit_group(125)}, and the data that arguments point to:
 * strings, structures and pointer arrays, each at a multiple of 8.
 *
 * <pre>
 * header, 64 bytes                      record, 128 bytes
 *   0  flags of the clone                 0      system call number
 *   1  signal mask during the clone       1..6   arguments
 *   2  the caller's mask (written)        7      bit i: argument i is the address of the word
 *   3..7  0                                      that holds the value
 *                                         8      1: the result must equal word 9
 *                                                2: a positive result leaves (exit_group(0))
 *                                         9      expected result
 *                                         10..13 tolerated results, each -errno, or 0
 *                                         14     the result (written), before that {@link #UNTOUCHED}
 *                                         15     0, or the address of a name (written)
 * </pre>
 *
 * <p>A record with a name is run for each of some names: they follow each other, each with a NUL,
 * and an empty one is the end. Before each call the name is copied to the addresses in words 12 and
 * 13, which are in strings that arguments point to. After it, word 15 is the next name's address.
 *
 * <p>A result from -4095 to -1 is an error. An error that is not tolerated, or a result that is not
 * the expected one, ends the child with {@code exit_group(125)}. Only the results tell what
 * happened.
 */
public final class Image {
  /** The result of a call that has not returned; no system call returns this number. */
  static final long UNTOUCHED = Long.MIN_VALUE;

  private static final int MUST_EQUAL = 1;
  private static final int LEAVES = 2;
  private static final long EVERY_SIGNAL = -1;
  private static final int STATUS_OF_A_BROKEN_PLAN = 125;

  static final int WORD = 8;
  static final int HEADER = 64;
  static final int RECORD = 128;
  static final int RESULT = 14;
  private static final int PLACES = 12;
  private static final int NAME = 15;
  private static final int MAX_ERRNO = 4095;

  private final Plan plan;
  private final long[] records;
  private final byte[] data;
  private final int used;
  private final int[] addresses;

  /**
   * @param records the header and the records for base address 0
   * @param data what follows them, in the first {@code used} bytes
   * @param addresses the offsets of the words that hold addresses
   */
  private Image(Plan plan, long[] records, byte[] data, int used, int[] addresses) {
    this.plan = plan;
    this.records = records;
    this.data = data;
    this.used = used;
    this.addresses = addresses;
  }

  /**
   * Lays a plan out.
   *
   * @param cloneFlags the flags of the clone, with its exit signal
   * @throws IllegalArgumentException when the plan is empty, a step refers to the result of a later
   *     part, or a string has a NUL inside (which would cut it)
   */
  public static Image of(Plan plan, Abi abi, long cloneFlags) {
    return new Layout(plan, abi).image(cloneFlags);
  }

  public Plan plan() {
    return plan;
  }

  /** Returns the size in bytes. */
  public int size() {
    return records.length * WORD + used;
  }

  /**
   * Writes the image for an address. It is not put together in the heap first: each page that the
   * JVM touches for the first time takes the kernel long.
   *
   * @param memory of {@link #size} bytes
   */
  public void write(ByteBuffer memory, long base) {
    int front = records.length * WORD;
    ByteBuffer image = words(memory);
    image.put(front, data, 0, used);
    for (int offset : addresses) {
      if (offset >= front) {
        image.putLong(offset, image.getLong(offset) + base);
      }
    }
    move(base);
    image.asLongBuffer().put(records);
    move(-base);
  }

  /** Adds to the addresses in the records. */
  private void move(long distance) {
    int front = records.length * WORD;
    for (int offset : addresses) {
      if (offset < front) {
        records[offset / WORD] += distance;
      }
    }
  }

  /** Returns the offset of a part's record in bytes. Parts count from 0. */
  public static int record(int part) {
    return HEADER + part * RECORD;
  }

  /** Returns the offset of the data that an argument of a part points to. Both count from 0. */
  public int data(int part, int argument) {
    return (int) records[record(part) / WORD + 1 + argument];
  }

  /** Returns the number of bytes that {@link #outcome} needs: all but the data. */
  public int judged() {
    return record(plan.parts().size());
  }

  /**
   * Returns how far the child came.
   *
   * @param memory the first {@link #judged} bytes of the image, as the child left them
   */
  public Outcome outcome(ByteBuffer memory) {
    int last = plan.parts().size() - 1;
    int next = firstUntouched(memory, last + 1);
    if (next > 0 && next <= last) {
      Optional<Outcome> before = unfinished(memory, next - 1);
      if (before.isPresent()) {
        return before.get();
      }
    }
    if (next <= last) {
      Step step = step(memory, next).orElseThrow();
      // A program that runs is not looked for elsewhere.
      return next == last || step.kind() == Step.Kind.EXECUTE ? new Ran() : new Stopped(next, step);
    }
    Step program = (Step) plan.parts().get(last);
    long result = result(memory, last);
    boolean absent = result == -Errno.ENOENT.number() || result == -Errno.ENOTDIR.number();
    // As in execvp(3): "may not be executed" is reported before "not found".
    return IntStream.range(0, absent ? last : 0)
        .filter(i -> plan.parts().get(i) instanceof Step step && step.syscall() == Syscall.EXECVE)
        .filter(i -> result(memory, i) == -Errno.EACCES.number())
        .mapToObj(i -> bad(i, (Step) plan.parts().get(i), -Errno.EACCES.number()))
        .findFirst()
        .orElse(bad(last, program, result));
  }

  /** Returns what went wrong in a part that has a result; empty when it is done. */
  private Optional<Outcome> unfinished(ByteBuffer memory, int part) {
    Optional<Step> now = step(memory, part);
    if (now.isEmpty()) {
      return Optional.empty();
    }
    long result = result(memory, part);
    if (!isGood(now.get(), result)) {
      return Optional.of(bad(part, now.get(), result));
    }
    return plan.parts().get(part) instanceof EachPath
        ? Optional.of(new Stopped(part, now.get()))
        : Optional.empty();
  }

  /** Returns the step that a part is at; empty when it has been through all its paths. */
  private Optional<Step> step(ByteBuffer memory, int part) {
    if (!(plan.parts().get(part) instanceof EachPath each)) {
      return Optional.of((Step) plan.parts().get(part));
    }
    int record = record(part);
    long base = word(memory, record + PLACES * WORD) - records[record / WORD + PLACES];
    long at = word(memory, record + NAME * WORD) - base - records[record / WORD + NAME];
    int path = 0;
    for (long begin = 0; begin < at && path < each.paths().size(); path++) {
      begin += each.paths().length(path) + 1;
    }
    return path < each.paths().size() ? Optional.of(each.step(path)) : Optional.empty();
  }

  /**
   * Finds the part whose first call has not returned, by halves: the child goes through them in
   * order.
   */
  private static int firstUntouched(ByteBuffer memory, int parts) {
    int from = 0;
    int to = parts;
    while (from < to) {
      int middle = (from + to) / 2;
      if (result(memory, middle) == UNTOUCHED) {
        to = middle;
      } else {
        from = middle + 1;
      }
    }
    return from;
  }

  private static Outcome bad(int index, Step step, long result) {
    return isError(result)
        ? new Failed(index, step, (int) -result)
        : new Unexpected(index, step, result);
  }

  private static boolean isError(long result) {
    return result >= -MAX_ERRNO && result < 0;
  }

  private static boolean isGood(Step step, long result) {
    return isError(result)
        ? step.tolerated().stream().anyMatch(each -> each.errno().number() == -result)
        : step.expected().isEmpty() || step.expected().getAsLong() == result;
  }

  /**
   * Returns the result of a part's last call, {@link #UNTOUCHED} before it has one.
   *
   * @param memory the first {@link #judged} bytes of the image, as the child left them
   */
  public static long result(ByteBuffer memory, int part) {
    return word(memory, record(part) + RESULT * WORD);
  }

  private static long word(ByteBuffer memory, int offset) {
    return words(memory).getLong(offset);
  }

  private static ByteBuffer words(ByteBuffer bytes) {
    return bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  static ByteBuffer words(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Lays out an image: the records in front, the data behind them. */
  private static final class Layout {
    private final Plan plan;
    private final Abi abi;
    private final long[] records;
    private final int front;
    private byte[] data;
    private int used;
    private int[] addresses;
    private int known;

    Layout(Plan plan, Abi abi) {
      int parts = plan.parts().size();
      if (parts == 0) {
        throw new IllegalArgumentException("a plan without steps");
      }
      this.plan = plan;
      this.abi = abi;
      this.front = record(parts + 1);
      this.records = new long[front / WORD];
      this.data = new byte[front];
      this.addresses = new int[3 * parts];
    }

    Image image(long cloneFlags) {
      records[0] = cloneFlags;
      records[1] = EVERY_SIGNAL;
      int index = 0;
      for (Part part : plan.parts()) {
        if (part instanceof EachPath each) {
          step(index, each.pattern());
          names(index, each);
        } else {
          step(index, (Step) part);
        }
        index++;
      }
      // A filter of a build can feign that a call returns; no result lets the child go on.
      Step end =
          Step.of("end", Syscall.EXIT_GROUP, Argument.number(STATUS_OF_A_BROKEN_PLAN))
              .expecting(UNTOUCHED);
      step(index, end);
      return new Image(plan, records, data, used, Arrays.copyOf(addresses, known));
    }

    private void step(int index, Step step) {
      int record = record(index) / WORD;
      records[record] = step.syscall().number(abi);
      long references = 0;
      int word = record + 1;
      for (Argument argument : step.arguments()) {
        records[word] = value(index, argument);
        if (!(argument instanceof Argument.Number)) {
          address(word * WORD);
        }
        if (argument instanceof Argument.Result) {
          references |= 1L << word - record - 1;
        }
        word++;
      }
      records[record + 7] = references;
      records[record + 8] =
          (step.expected().isPresent() ? MUST_EQUAL : 0) | (step.leaves() ? LEAVES : 0);
      records[record + 9] = step.expected().orElse(0);
      word = record + 10;
      for (Step.Tolerated each : step.tolerated()) {
        records[word++] = -each.errno().number();
      }
      records[record + RESULT] = UNTOUCHED;
    }

    /** Places the names of paths, and room for each of them in the two arguments that lack it. */
    private void names(int index, EachPath each) {
      int at = make(each.paths().bytesOfNames() + 1);
      each.paths().copyNames(data, at);
      int record = record(index) / WORD;
      records[record + NAME] = front + at;
      address((record + NAME) * WORD);
      int places = record + PLACES;
      for (int i = 0; i < each.pattern().arguments().size(); i++) {
        if (each.pattern().arguments().get(i) instanceof Argument.InStore in) {
          int string = place(in.directory().bytes(), EntryList.LONGEST + 1);
          records[record + 1 + i] = string;
          records[places] = string + in.directory().length();
          address(places++ * WORD);
        }
      }
    }

    /** Notes the offset of a word that holds an address. */
    private void address(int offset) {
      if (known == addresses.length) {
        addresses = Arrays.copyOf(addresses, 2 * known + 1);
      }
      addresses[known++] = offset;
    }

    /** Returns a number, or the offset of the argument's data. */
    private long value(int index, Argument argument) {
      if (argument instanceof Argument.Number number) {
        return number.value();
      } else if (argument instanceof Argument.InStore) {
        return 0; // The names say how much room it needs.
      } else if (argument instanceof Argument.Text text) {
        return string(text.value());
      } else if (argument instanceof Argument.Data bytes) {
        return place(bytes.value().bytes());
      } else if (argument instanceof Argument.Strings strings) {
        return array(strings.values());
      } else if (argument instanceof Argument.Filter calls) {
        return filter(FilterProgram.bytes(calls.filter(), abi));
      } else if (argument instanceof Argument.CopiedFilter copied) {
        return filter(copied.program().bytes());
      } else if (argument instanceof Argument.Passing passing) {
        return message((int) passing.descriptor().value());
      } else if (argument instanceof Argument.Result result) {
        if (result.step() < 0 || result.step() >= index) {
          throw new IllegalArgumentException(
              "step " + index + " refers to the result of step " + result.step());
        }
        return record(result.step()) + RESULT * WORD;
      }
      throw new IllegalStateException(argument.toString());
    }

    private int string(ByteString value) {
      if (value.latin1().indexOf('\0') >= 0) {
        throw new IllegalArgumentException("a NUL inside " + value);
      }
      return place(value.bytes(), 1);
    }

    /** Places an array. Its end is a null pointer at any address of the image. */
    private int array(List<ByteString> values) {
      ByteBuffer pointers = words(new byte[(values.size() + 1) * WORD]);
      for (ByteString value : values) {
        pointers.putLong(string(value));
      }
      int offset = place(pointers.array());
      for (int i = 0; i < values.size(); i++) {
        address(offset + i * WORD);
      }
      return offset;
    }

    /** Places a {@code struct sock_fprog}: the number of instructions, and their address. */
    private int filter(byte[] program) {
      int instructions = place(program);
      ByteBuffer pointer = words(new byte[2 * WORD]);
      pointer.putShort(0, (short) (program.length / FilterProgram.Instruction.SIZE));
      pointer.putLong(WORD, instructions);
      int offset = place(pointer.array());
      address(offset + WORD);
      return offset;
    }

    /**
     * Places a {@code struct msghdr} of 7 words: name and its length, the array of buffers and its
     * length, the control data and its length, flags. The one buffer is a byte; the control data is
     * a {@code struct cmsghdr} (length 20, SOL_SOCKET, SCM_RIGHTS) and the descriptor.
     */
    private int message(int descriptor) {
      int buffers = place(words(new byte[2 * WORD]).putLong(place(new byte[1])).putLong(1).array());
      address(buffers);
      ByteBuffer control = words(new byte[3 * WORD]);
      control.putLong(20).putInt(1).putInt(1).putInt(descriptor);
      int passed = place(control.array());
      ByteBuffer header = words(new byte[7 * WORD]);
      header.putLong(2 * WORD, buffers).putLong(3 * WORD, 1);
      header.putLong(4 * WORD, passed).putLong(5 * WORD, control.capacity());
      int message = place(header.array());
      address(message + 2 * WORD);
      address(message + 4 * WORD);
      return message;
    }

    private int place(byte[] bytes) {
      return place(bytes, 0);
    }

    private int place(byte[] bytes, int zeros) {
      int offset = make(bytes.length + zeros);
      System.arraycopy(bytes, 0, data, offset, bytes.length);
      return front + offset;
    }

    /** Makes room for so many bytes, which are 0, and returns their index. */
    private int make(int length) {
      int offset = used;
      used += length + WORD - 1 & -WORD;
      if (used > data.length) {
        data = Arrays.copyOf(data, used + used / 2);
      }
      return offset;
    }
  }
}
