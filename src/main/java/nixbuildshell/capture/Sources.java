package nixbuildshell.capture;

import nixbuildshell.console.Messages;
import nixbuildshell.store.StoreDirectory;
import nixbuildshell.store.StorePath;

/** For {@code -v}: what is known of the build, and from where. */
final class Sources {
  private Sources() {}

  static void tell(FailedBuild build, StoreDirectory store, Messages messages) {
    tell("name", build.name(), messages);
    build.shell().ifPresent(known -> tell("shell", known, messages));
    build.derivation().ifPresent(known -> tell("derivation", whole(known, store), messages));
    build.system().ifPresent(known -> tell("system", known, messages));
    build.hostNetwork().ifPresent(known -> tell("network of the host", known, messages));
    build.outputs().forEach((name, known) -> tell("output " + name, whole(known, store), messages));
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

  private static Known<String> whole(Known<StorePath> known, StoreDirectory store) {
    return new Known<>(store.path(known.value()), known.source());
  }

  private static void tell(String what, Known<?> known, Messages messages) {
    messages.detail(what + ": " + known.value() + " (from " + known.source() + ")");
  }
}
