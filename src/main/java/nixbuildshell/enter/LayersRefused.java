package nixbuildshell.enter;

import nixbuildshell.Failure;

/** Is the cause of a {@link Failure}: the kernel did not mount the layers of a store. */
final class LayersRefused extends Exception {
  private static final long serialVersionUID = 1;

  LayersRefused() {
    super("the kernel refused layers", null, false, false);
  }

  /** Decides whether that is why something failed. */
  static boolean isWhy(Failure failure) {
    return failure.getCause() instanceof LayersRefused;
  }
}
