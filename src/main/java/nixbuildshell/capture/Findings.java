package nixbuildshell.capture;

import java.nio.file.Path;
import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.console.Messages;
import nixbuildshell.console.ProcessBytes;
import nixbuildshell.files.FileSystem;
import nixbuildshell.nix.BuildOwners;
import nixbuildshell.nix.NixSettings;
import nixbuildshell.store.NixStore;

/** Finds out what a kept directory was, and tells the person what he should know of that. */
public final class Findings {
  private Findings() {}

  public static FailedBuild of(
      KeptDirectory kept,
      Optional<ByteString> derivation,
      boolean builder,
      FileSystem files,
      NixStore nix,
      Messages messages) {
    int cores = Runtime.getRuntime().availableProcessors();
    FailedBuild build =
        Reconstruction.of(
            kept,
            new Request(
                derivation,
                cores,
                name -> ProcessBytes.environment(name.latin1()),
                builder,
                owner -> owners(files).test(owner)),
            nix.finder());
    for (Note note : build.notes()) {
      if (note.level() == Note.Level.WARNING) {
        messages.note(note.text());
      } else {
        messages.detail(note.text());
      }
    }
    Sources.tell(build, messages);
    WhatFailed.tell(build, messages);
    return build;
  }

  /** Asked only about a build that may have the network: so the accounts are not read before. */
  private static BuildOwners owners(FileSystem files) {
    return BuildOwners.read(files.userId(), Path.of("/etc"), NixSettings.ofCaller());
  }
}
