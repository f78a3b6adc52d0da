package nixbuildshell.plan;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import nixbuildshell.ByteString;
import nixbuildshell.abi.Abi;
import nixbuildshell.abi.Syscall;

/** An {@link Image} being laid out: records at the front, data growing behind them. */
final class Layout {
  private static final long EVERY_SIGNAL = -1;
  private static final int MUST_EQUAL = 1;
  private static final int LEAVES = 2;
  private static final int STATUS_OF_A_BROKEN_PLAN = 125;

  private final Plan plan;
  private final Abi abi;
  private final ByteBuffer front;
  private final ByteArrayOutputStream data = new ByteArrayOutputStream();
  private final List<Integer> addresses = new ArrayList<>();

  Layout(Plan plan, Abi abi) {
    if (plan.steps().isEmpty()) {
      throw new IllegalArgumentException("a plan without steps");
    }
    this.plan = plan;
    this.abi = abi;
    this.front = Image.words(new byte[Image.record(plan.steps().size() + 1)]);
  }

  Image image(long cloneFlags) {
    front.putLong(0, cloneFlags);
    front.putLong(Image.WORD, EVERY_SIGNAL);
    for (int i = 0; i < plan.steps().size(); i++) {
      step(i, plan.steps().get(i));
    }
    step(
        plan.steps().size(),
        Step.of("end", Syscall.EXIT_GROUP, Argument.number(STATUS_OF_A_BROKEN_PLAN)));
    byte[] bytes = new byte[front.capacity() + data.size()];
    front.get(0, bytes, 0, front.capacity());
    System.arraycopy(data.toByteArray(), 0, bytes, front.capacity(), data.size());
    return new Image(plan, bytes, addresses);
  }

  private void step(int index, Step step) {
    int record = Image.record(index);
    word(record, 0, step.syscall().number(abi));
    long references = 0;
    for (int i = 0; i < step.arguments().size(); i++) {
      Argument argument = step.arguments().get(i);
      word(record, 1 + i, value(index, argument));
      if (!(argument instanceof Argument.Number)) {
        addresses.add(record + (1 + i) * Image.WORD);
      }
      if (argument instanceof Argument.Result) {
        references |= 1L << i;
      }
    }
    word(record, 7, references);
    word(record, 8, (step.expected().isPresent() ? MUST_EQUAL : 0) | (step.leaves() ? LEAVES : 0));
    word(record, 9, step.expected().orElse(0));
    for (int i = 0; i < step.tolerated().size(); i++) {
      word(record, 10 + i, -step.tolerated().get(i).errno().number());
    }
    word(record, Image.RESULT, Image.UNTOUCHED);
  }

  private void word(int record, int index, long value) {
    front.putLong(record + index * Image.WORD, value);
  }

  /** A number, or the offset of what the argument points to. */
  private long value(int index, Argument argument) {
    if (argument instanceof Argument.Number number) {
      return number.value();
    } else if (argument instanceof Argument.Text text) {
      return string(text.value());
    } else if (argument instanceof Argument.Data bytes) {
      return place(bytes.value().bytes());
    } else if (argument instanceof Argument.Strings strings) {
      return array(strings.values());
    } else if (argument instanceof Argument.Filter calls) {
      return filter(FilterProgram.bytes(calls.filter(), abi));
    } else if (argument instanceof Argument.Result result) {
      if (result.step() < 0 || result.step() >= index) {
        throw new IllegalArgumentException(
            "step " + index + " refers to the result of step " + result.step());
      }
      return Image.record(result.step()) + Image.RESULT * Image.WORD;
    }
    throw new IllegalStateException(argument.toString());
  }

  private int string(ByteString value) {
    if (value.latin1().indexOf('\0') >= 0) {
      throw new IllegalArgumentException("a NUL inside " + value);
    }
    return place(value.terminated());
  }

  /** The array's end is a null pointer, which is a number and stays one wherever the image lies. */
  private int array(List<ByteString> values) {
    ByteBuffer pointers = Image.words(new byte[(values.size() + 1) * Image.WORD]);
    for (ByteString value : values) {
      pointers.putLong(string(value));
    }
    int offset = place(pointers.array());
    for (int i = 0; i < values.size(); i++) {
      addresses.add(offset + i * Image.WORD);
    }
    return offset;
  }

  /** {@code struct sock_fprog}: how many instructions, in 2 bytes, and in the next word where. */
  private int filter(byte[] program) {
    int instructions = place(program);
    ByteBuffer pointer = Image.words(new byte[2 * Image.WORD]);
    pointer.putShort(0, (short) (program.length / FilterProgram.Instruction.SIZE));
    pointer.putLong(Image.WORD, instructions);
    int offset = place(pointer.array());
    addresses.add(offset + Image.WORD);
    return offset;
  }

  private int place(byte[] bytes) {
    int offset = front.capacity() + data.size();
    data.writeBytes(bytes);
    data.writeBytes(new byte[-bytes.length & (Image.WORD - 1)]);
    return offset;
  }
}
