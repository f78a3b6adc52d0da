package nixbuildshell.cli.commands;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import nixbuildshell.ByteString;
import nixbuildshell.enter.Options;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Describes the words of {@code diff} to picocli. */
@Command(
    name = "diff",
    sortOptions = false,
    customSynopsis = {"nix-build-shell diff [--all] [--check] [DIR [FILE...]]"},
    header = "Print what you changed in a session, as a patch for the package.",
    description = {
      "",
      "DIR is a session, or a kept directory for its newest session; by default the session that"
          + " was used last. The patch is for patches = [ ./fix.patch ] (-p1). It has the files of"
          + " the source tree that were changed or deleted. It leaves out what phases changed that"
          + " ran again, and new files. FILE names files or directories of the source tree that are"
          + " wanted in any case."
    })
public final class DiffSyntax implements SubcommandSyntax {
  @Option(names = "--all", description = "Have new files in the patch, too.")
  private boolean all;

  @Option(
      names = "--check",
      description =
          "Try the patch on the source, unpacked and patched anew, and say what does not apply"
              + " (exit status 1).")
  private boolean check;

  @Parameters(index = "0", arity = "0..1", paramLabel = "DIR", hidden = true)
  private String directory;

  @Parameters(index = "1..*", paramLabel = "FILE", hidden = true)
  private List<String> named = new ArrayList<>();

  @Override
  public Set<String> precedingOptions() {
    return OF_A_COPY;
  }

  @Override
  public Subcommand subcommand(Options before) {
    return new DiffCommand(
        before.in(Optional.of(directory == null ? "" : directory)),
        all,
        check,
        named.stream().map(ByteString::new).toList());
  }
}
