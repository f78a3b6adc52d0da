package nixbuildshell.cli.commands;

import java.io.PrintStream;
import java.util.List;
import java.util.Optional;
import nixbuildshell.Failure;
import nixbuildshell.console.Messages;
import nixbuildshell.enter.Options;
import nixbuildshell.files.FileSystem;
import nixbuildshell.listing.Newest;
import nixbuildshell.listing.Survey;
import nixbuildshell.nix.Caller;
import nixbuildshell.store.NixStore;
import nixbuildshell.view.StoreChoice;

/**
 * Offers the newest kept directories to a caller who has named none, and enters the chosen one.
 *
 * @param before the options; their DIR does not count
 * @param missing what to say without a terminal, or without a kept directory
 */
public record NewestCommand(Options before, Failure missing) implements Subcommand {
  private static final int MOST = 9;

  @Override
  public int verbosity() {
    return before.verbosity();
  }

  @Override
  public int run(Caller caller, Messages messages, PrintStream out) {
    Choice choice = new Choice(caller, messages);
    List<Newest> newest = choice.canAsk() ? newest(caller) : List.of();
    if (newest.isEmpty()) {
      throw missing;
    }
    Optional<Integer> chosen = choice.of(newest.stream().map(Newest::line).toList());
    return chosen.isPresent()
        ? new EnterCommand(
                before.in(newest.get(chosen.get()).path(), before.derivation(), before.order()))
            .run(caller, messages, out)
        : 0;
  }

  private List<Newest> newest(Caller caller) {
    FileSystem files = new FileSystem(CallersKernel.calls(caller, before.workDirectory()));
    NixStore store = StoreChoice.of(caller, files, before.store());
    return Newest.of(Survey.of(caller, files, store, Optional.empty(), false), MOST);
  }
}
