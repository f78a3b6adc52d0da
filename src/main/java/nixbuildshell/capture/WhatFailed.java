package nixbuildshell.capture;

import nixbuildshell.ByteString;
import nixbuildshell.console.Messages;

/** One line on what failed: "buildPhase of wttr-0.1 failed with exit code 101 in: cargo build". */
final class WhatFailed {
  private static final int LONGEST_COMMAND = 200;

  private WhatFailed() {}

  /** Says it, when the manifest knows. */
  static void tell(FailedBuild build, Messages messages) {
    build.manifest().ifPresent(manifest -> tell(build.name().value(), manifest, messages));
  }

  private static void tell(String name, Manifest manifest, Messages messages) {
    if (manifest.end().exitCode().isEmpty() && manifest.end().command().isEmpty()) {
      return;
    }
    String phase = manifest.end().phase().map(text -> cut(text) + " of ").orElse("");
    String code = manifest.end().exitCode().map(number -> " with exit code " + number).orElse("");
    String command =
        manifest.end().command().map(failed -> " in: " + cut(failed.text())).orElse("");
    messages.note(phase + name + " failed" + code + command);
  }

  private static String cut(ByteString text) {
    String latin1 = text.latin1();
    return latin1.length() <= LONGEST_COMMAND
        ? text.toString()
        : new ByteString(latin1.substring(0, LONGEST_COMMAND)) + "…";
  }
}
