package nixbuildshell.capture;

import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.console.Messages;
import nixbuildshell.nix.Caller;
import nixbuildshell.store.DerivationFinder;
import nixbuildshell.store.NixStore;

/** Finds out what a kept directory was, and tells the person what he should know of that. */
public final class Findings {
  private Findings() {}

  public static FailedBuild of(
      KeptDirectory kept,
      Optional<ByteString> derivation,
      boolean builder,
      Caller caller,
      NixStore nix,
      Messages messages) {
    int cores = Runtime.getRuntime().availableProcessors();
    FailedBuild build =
        Reconstruction.of(
            kept,
            new Request(
                derivation,
                cores,
                name -> caller.environment(name.latin1()),
                builder,
                // Asked only about a build that may have the network: so the accounts wait.
                owner -> caller.buildOwners().test(owner)),
            new DerivationFinder(nix));
    for (Note note : build.notes()) {
      if (note.level() == Note.Level.WARNING) {
        messages.note(note.text());
      } else {
        messages.detail(note.text());
      }
    }
    Sources.tell(build, nix.directory(), messages);
    WhatFailed.tell(build, messages);
    return build;
  }
}
