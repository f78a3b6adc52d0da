package nixbuildshell.nix;

import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import nixbuildshell.ByteString;
import nixbuildshell.files.Answers;
import nixbuildshell.nix.NixProgram.Unanswered;

/**
 * Reads Nix's setting {@code sandbox-paths} as Nix does: what is configured, and else what is
 * compiled in. Only {@code nix} itself knows that: each program is asked once, in the background.
 */
public final class SandboxPathsSetting implements AutoCloseable {
  private static final String NAME = "sandbox-paths";
  private static final String KIND = "sandbox-paths";

  private final Answers answers;
  private final Configuration configuration;

  /** Empty when the default is known, or does not matter. */
  private final Optional<Background<Optional<ByteString>>> asked;

  /** Empty until the default is known. */
  private Optional<NixSettings> known;

  /**
   * Begins to ask, and returns at once.
   *
   * @param cancelled whether to stop waiting for Nix
   */
  public SandboxPathsSetting(
      Configuration configuration, Answers answers, BooleanSupplier cancelled) {
    this.answers = answers;
    this.configuration = configuration;
    Optional<NixProgram> nix = configuration.nix().map(program -> program.stoppedBy(cancelled));
    this.known =
        nix.isEmpty() || configuration.settings().get(NAME).isPresent()
            ? Optional.of(configuration.settings())
            : configuration
                .identity()
                .flatMap(program -> answers.get(KIND, program))
                .map(this::withDefault);
    this.asked =
        known.isPresent()
            ? Optional.empty()
            : Optional.of(new Background<>("Nix's settings", () -> byDefault(nix.orElseThrow())));
  }

  /** Returns the compiled-in value; empty when the program is too old to tell. */
  private static Optional<ByteString> byDefault(NixProgram nix) {
    try {
      return Optional.of(nix.unconfigured().settings().get(NAME).orElse(ByteString.EMPTY));
    } catch (Unanswered e) {
      return Optional.empty();
    }
  }

  /** Decides whether {@link #words} returns at once. */
  public boolean isKnown() {
    return known.isPresent();
  }

  /**
   * Returns the setting's words, and waits for them.
   *
   * @throws java.util.concurrent.CancellationException when {@code cancelled} said so
   */
  public List<ByteString> words() {
    if (known.isEmpty()) {
      Optional<ByteString> value = asked.orElseThrow().await();
      value.ifPresent(
          it -> configuration.identity().ifPresent(program -> answers.put(KIND, program, it)));
      known = Optional.of(value.map(this::withDefault).orElse(configuration.settings()));
    }
    return known.get().words(NAME, "extra-" + NAME);
  }

  /** Asks no longer: a program that still runs for the question is killed. */
  @Override
  public void close() {
    asked.ifPresent(Background::close);
  }

  private NixSettings withDefault(ByteString value) {
    return configuration.settings().with(NAME, value);
  }
}
