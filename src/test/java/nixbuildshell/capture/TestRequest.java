package nixbuildshell.capture;

import java.util.Optional;
import java.util.function.Function;
import nixbuildshell.ByteString;

/** Makes requests of a caller on a host where every user is a build user. */
final class TestRequest {
  private TestRequest() {}

  static Request of(Optional<ByteString> derivation, boolean builder) {
    return of(derivation, builder, name -> Optional.empty());
  }

  static Request of(
      Optional<ByteString> derivation,
      boolean builder,
      Function<ByteString, Optional<ByteString>> impure) {
    return new Request(
        derivation,
        2,
        impure,
        builder,
        false,
        "/build",
        "true",
        path -> true,
        user -> true,
        user -> true);
  }
}
