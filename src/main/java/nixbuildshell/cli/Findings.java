package nixbuildshell.cli;

import java.nio.file.Path;
import nixbuildshell.capture.FailedBuild;
import nixbuildshell.capture.NixStore;
import nixbuildshell.capture.Note;
import nixbuildshell.capture.Reconstruction;
import nixbuildshell.capture.Request;
import nixbuildshell.linux.FileSystem;

/** Finds out what a kept directory was, and tells the person what he should know of that. */
final class Findings {
  private Findings() {}

  static FailedBuild of(
      KeptDirectory kept, Options options, FileSystem files, NixStore nix, Messages messages) {
    int cores = Runtime.getRuntime().availableProcessors();
    FailedBuild build =
        Reconstruction.of(
            kept,
            new Request(
                options.derivation(),
                cores,
                name -> ProcessBytes.environment(name.latin1()),
                options.builder(),
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
