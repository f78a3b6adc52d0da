package nixbuildshell.capture;

import java.util.Optional;
import nixbuildshell.ByteString;
import nixbuildshell.capture.Fact.Source;
import nixbuildshell.store.Derivation;
import nixbuildshell.store.DerivationFinder;
import nixbuildshell.store.DerivationFinder.Found;
import nixbuildshell.store.Evidence;
import nixbuildshell.store.KeptName;

/**
 * Recognises a build without a sandbox where neither the manifest nor {@code env-vars} has its
 * NIX_BUILD_TOP. That was the kept directory itself then.
 *
 * <p>Newer Nix nests the build directory of a sandbox, and no other ({@code setBuildTmpDir} in
 * chroot-derivation-builder.cc; measured with 2.26 and 2.34); Lix nests every one.
 */
record Unsandboxed(Evidence kept, Request request, DerivationFinder finder) {

  /** Returns the build's NIX_BUILD_TOP, and what tells it; empty for a build in a sandbox. */
  Optional<Fact<ByteString>> top(Found found) {
    Optional<KeptName> name = KeptName.of(kept.outerName());
    boolean nested = !kept.path().latin1().endsWith("/" + kept.outerName().latin1());
    if (name.isEmpty() || nested && !name.get().isLix()) {
      return Optional.empty();
    }
    if (request.places().test(kept.path())) {
      if (name.get().isNestedInSandbox()) {
        return Optional.of(new Fact<>(kept.path(), Source.LAYOUT));
      } else if (isBySetting(found.derivation())) {
        return Optional.of(new Fact<>(kept.path(), Source.SETTINGS));
      }
    }
    return nested ? Optional.empty() : byLog(found);
  }

  /** Decides as {@code startBuilder} in derivation-builder.cc does. */
  private boolean isBySetting(Derivation derivation) {
    return switch (request.sandbox()) {
      case "false" -> true;
      case "relaxed" -> derivation.hasNetwork() || derivation.isOn("__noChroot");
      default -> false;
    };
  }

  /** Looks for the directory in the build log: only a build without a sandbox knows its path. */
  private Optional<Fact<ByteString>> byLog(Found found) {
    return finder.texts().apply(found.path()).directories().stream()
        .filter(path -> path.latin1().endsWith("/" + kept.outerName().latin1()))
        .filter(request.places())
        .findFirst()
        .map(path -> new Fact<>(path, Source.LOG_TEXT));
  }
}
