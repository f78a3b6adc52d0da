package nixbuildshell.capture;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import nixbuildshell.ByteString;
import nixbuildshell.store.Derivation;

/**
 * Describes how Nix called the builder: {@code execve} in {@code runChild},
 * local-derivation-goal.cc.
 *
 * @param path the program, as seen from inside
 * @param arguments all arguments, argv[0] first
 * @param environment in the order that Nix gives it
 */
public record BuilderCall(
    ByteString path, List<ByteString> arguments, Map<ByteString, ByteString> environment) {

  public BuilderCall {
    arguments = List.copyOf(arguments);
    environment = Collections.unmodifiableMap(new TreeMap<>(environment));
  }

  static BuilderCall of(Derivation derivation, BuilderEnvironment.Outside host) {
    String path = derivation.builder().latin1();
    List<ByteString> arguments = new ArrayList<>();
    arguments.add(new ByteString(path.substring(path.lastIndexOf('/') + 1)));
    derivation.arguments().forEach(argument -> arguments.add(derivation.withOutputPaths(argument)));
    return new BuilderCall(
        derivation.builder(), arguments, BuilderEnvironment.of(derivation, host));
  }

  /** Decides whether the builder is a part of Nix ({@code builtin:fetchurl}) and no program. */
  public boolean isBuiltin() {
    return path.startsWith("builtin:");
  }
}
