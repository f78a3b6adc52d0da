package nixbuildshell.launch;

import java.nio.ByteBuffer;
import nixbuildshell.kernel.NativeMemory;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.plan.Image;
import nixbuildshell.plan.Outcome;
import nixbuildshell.plan.Plan;

/**
 * Holds a plan's image in memory that the child of the clone shares, and the code that runs it. A
 * child that shares all memory needs both until it has executed a program or has ended.
 */
final class SharedImage implements AutoCloseable {
  private final Image image;
  private final NativeMemory memory;
  private final Interpreter interpreter;

  private SharedImage(Image image, NativeMemory memory, Interpreter interpreter) {
    this.image = image;
    this.memory = memory;
    this.interpreter = interpreter;
  }

  static SharedImage of(SystemCalls calls, Image image) {
    NativeMemory memory = NativeMemory.sharedWithChildren(calls, image.size());
    image.write(memory.view(0, image.size()), memory.address());
    return new SharedImage(image, memory, Interpreter.load(calls));
  }

  /**
   * Clones a child that runs the plan.
   *
   * @return the child's process ID or {@code -errno}
   */
  long run() {
    return interpreter.run(memory.address());
  }

  Plan plan() {
    return image.plan();
  }

  NativeMemory memory() {
    return memory;
  }

  /** Returns the data that an argument of a part points to, as the kernel left it. */
  byte[] data(int part, int argument, int length) {
    return memory.read(image.data(part, argument), length);
  }

  /** Returns what a part's last call returned. */
  long result(int part) {
    return Image.result(judged(), part);
  }

  Outcome outcome() {
    return image.outcome(judged());
  }

  private ByteBuffer judged() {
    return memory.view(0, image.judged());
  }

  @Override
  public void close() {
    interpreter.close();
    memory.close();
  }
}
