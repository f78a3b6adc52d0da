package nixbuildshell.session;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import nixbuildshell.console.Messages;
import nixbuildshell.session.Sessions.Cleaned;

/** Deletes what earlier runs left, while the sandbox runs: so the prompt does not wait for it. */
public final class Cleaning implements AutoCloseable {
  private final Messages messages;
  private final AtomicReference<Cleaned> cleaned = new AtomicReference<>();

  /** The time to stop, in {@link System#nanoTime}. */
  private volatile long deadline = Long.MAX_VALUE;

  private final Thread thread;

  private Cleaning(Sessions sessions, BooleanSupplier remover, Messages messages) {
    this.messages = messages;
    this.thread = new Thread(() -> clean(sessions, remover), "cleaning");
  }

  /**
   * Starts to clean.
   *
   * @param remover starts a process that deletes the rest; says whether it could
   */
  public static Cleaning start(Sessions sessions, BooleanSupplier remover, Messages messages) {
    Cleaning cleaning = new Cleaning(sessions, remover, messages);
    cleaning.thread.start();
    return cleaning;
  }

  private void clean(Sessions sessions, BooleanSupplier remover) {
    Cleaned result = sessions.clean(this::isOver);
    cleaned.set(result);
    if (result.first().stopped() && !remover.getAsBoolean()) {
      sessions.removeGivenUp(this::isOver).ifPresent(result.leftovers()::add);
    }
  }

  private boolean isOver() {
    return deadline != Long.MAX_VALUE && System.nanoTime() - deadline >= 0;
  }

  /**
   * Stops within a second, and leaves the rest to the next run. Names the changes that a killed run
   * could not name.
   */
  @Override
  public void close() {
    deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(1);
    try {
      thread.join();
    } catch (InterruptedException e) {
      return;
    }
    Cleaned result = cleaned.get();
    if (result == null) {
      return;
    }
    result.leftovers().forEach(left -> messages.note(left.failure().getMessage()));
    result.kept().stream().filter(kept -> kept.isNews()).forEach(kept -> kept.tell(messages, ""));
  }
}
