package nixbuildshell.launch;

import nixbuildshell.kernel.NativeMemory;
import nixbuildshell.kernel.SystemCalls;
import nixbuildshell.plan.Image;
import nixbuildshell.plan.Outcome;

/** Holds a plan's image in memory that the child of the clone shares. */
final class SharedImage implements AutoCloseable {
  private final Image image;
  private final NativeMemory memory;

  private SharedImage(Image image, NativeMemory memory) {
    this.image = image;
    this.memory = memory;
  }

  static SharedImage of(SystemCalls calls, Image image) {
    NativeMemory memory = NativeMemory.sharedWithChildren(calls, image.size());
    memory.write(0, image.at(memory.address()));
    return new SharedImage(image, memory);
  }

  NativeMemory memory() {
    return memory;
  }

  Outcome outcome() {
    return image.outcome(memory.read(0, image.judged()));
  }

  @Override
  public void close() {
    memory.close();
  }
}
