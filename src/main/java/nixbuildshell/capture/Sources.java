package nixbuildshell.capture;

import nixbuildshell.console.Messages;

/** For {@code -v}: what is known of the build, and from where. */
final class Sources {
  private Sources() {}

  static void tell(FailedBuild build, Messages messages) {
    tell("name", build.name(), messages);
    build.shell().ifPresent(known -> tell("shell", known, messages));
    build.derivation().ifPresent(known -> tell("derivation", known, messages));
    build.system().ifPresent(known -> tell("system", known, messages));
    build.hostNetwork().ifPresent(known -> tell("network of the host", known, messages));
    build.outputs().forEach((name, known) -> tell("output " + name, known, messages));
    build
        .storePaths()
        .ifPresent(
            known ->
                messages.detail(
                    "store paths: " + known.value().size() + " (from " + known.source() + ")"));
    build
        .manifest()
        .flatMap(Manifest::id)
        .ifPresent(id -> messages.detail("ID: " + id + " (from the manifest)"));
  }

  private static void tell(String what, Known<?> known, Messages messages) {
    messages.detail(what + ": " + known.value() + " (from " + known.source() + ")");
  }
}
