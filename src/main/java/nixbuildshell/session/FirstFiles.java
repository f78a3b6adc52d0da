package nixbuildshell.session;

import java.util.function.BooleanSupplier;

/**
 * Stops a removal after its first files, which take about as long as the start of the process that
 * removes the rest (10 ms).
 */
public final class FirstFiles implements BooleanSupplier {
  private static final int COUNT = 1000;

  private int asked;

  @Override
  public boolean getAsBoolean() {
    return ++asked > COUNT;
  }

  /** Decides whether the removal was stopped. */
  public boolean stopped() {
    return asked > COUNT;
  }
}
