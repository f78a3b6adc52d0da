package nixbuildshell.capture;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import nixbuildshell.ByteString;
import nixbuildshell.Failure;
import nixbuildshell.console.ShellWord;
import nixbuildshell.store.Derivation;
import nixbuildshell.store.StructuredAttributes;

/**
 * Replaces an {@code env-vars} that cannot be read: the environment that the builder began with,
 * and its structured attributes. Where the build has a stdenv, its {@code setup} made the rest.
 *
 * @param script for bash to source in the sandbox
 * @param undeclarable variables that the builder had and bash cannot declare: bash's own read-only
 *     variables, and names that are no identifiers (an exported function's, for instance)
 * @param setup the builder's arguments, argv[0] first, where stdenv's {@code setup} is to be
 *     sourced after the script; empty where the script is all
 */
public record RebuiltEnvVars(
    ByteString script, Map<ByteString, ByteString> undeclarable, Optional<List<ByteString>> setup) {
  private static final Pattern IDENTIFIER = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

  /**
   * Lists what bash sets itself: it takes SHELLOPTS from the environment, the others not at all.
   */
  private static final Set<String> READ_ONLY =
      Set.of("BASHOPTS", "BASH_VERSINFO", "EUID", "IFS", "PPID", "SHELLOPTS", "UID");

  /** Characters of a declaration beside the name and the value, where that has few quotes. */
  private static final int USUAL_OVERHEAD = 20;

  public RebuiltEnvVars {
    undeclarable = Collections.unmodifiableMap(new LinkedHashMap<>(undeclarable));
    setup = setup.map(List::copyOf);
  }

  /**
   * Makes the script from a derivation.
   *
   * @param shell for SHELL, which stdenv's setup needs, unless the derivation sets it
   */
  static RebuiltEnvVars of(
      Derivation derivation, ByteString shell, BuilderEnvironment.Outside outside) {
    BuilderCall call = BuilderCall.of(derivation, outside);
    return of(call.environment(), call.arguments(), shell, StructuredAttributes.of(derivation));
  }

  /**
   * Makes the script from the builder's environment, in the order of stdenv's default builder.
   *
   * @throws Failure when it has too many variables
   */
  static RebuiltEnvVars of(
      Map<ByteString, ByteString> environment,
      List<ByteString> arguments,
      ByteString shell,
      Optional<StructuredAttributes> structured) {
    Map<ByteString, ByteString> variables = new LinkedHashMap<>(environment);
    variables.putIfAbsent(ByteString.of("SHELL"), shell);
    if (variables.size() > EnvVarsParser.MOST) {
      throw new Failure(
          "cannot rebuild the environment",
          "it has "
              + variables.size()
              + " variables, more than "
              + EnvVarsParser.MOST
              + ", for which bash would take minutes",
          "run the builder itself: --builder");
    }
    Map<ByteString, ByteString> undeclarable = new LinkedHashMap<>();
    int size = 0;
    for (Map.Entry<ByteString, ByteString> variable : variables.entrySet()) {
      size += variable.getKey().length() + variable.getValue().length() + USUAL_OVERHEAD;
    }
    // What grows is copied, and a variable can be large.
    StringBuilder script = new StringBuilder(size);
    declare(variables, script, undeclarable);
    structured.ifPresent(attributes -> script.append(attributes.shell().latin1()));
    boolean stdenv =
        variables.containsKey(ByteString.of("stdenv"))
            || structured.filter(attributes -> attributes.has("stdenv")).isPresent();
    return new RebuiltEnvVars(
        new ByteString(script.toString()),
        undeclarable,
        Optional.of(arguments).filter(any -> stdenv));
  }

  /** Adds variables behind the text of a kept file. */
  static RebuiltEnvVars with(ByteString kept, Map<ByteString, ByteString> variables) {
    Map<ByteString, ByteString> undeclarable = new LinkedHashMap<>();
    StringBuilder script = new StringBuilder(kept.latin1()).append('\n');
    declare(variables, script, undeclarable);
    return new RebuiltEnvVars(new ByteString(script.toString()), undeclarable, Optional.empty());
  }

  private static void declare(
      Map<ByteString, ByteString> variables,
      StringBuilder script,
      Map<ByteString, ByteString> undeclarable) {
    variables.forEach(
        (name, value) -> {
          if (isDeclarable(name.latin1())) {
            script.append("declare -x ").append(name.latin1());
            ShellWord.appendInSingleQuotes(script.append('='), value);
            script.append('\n');
          } else {
            undeclarable.put(name, value);
          }
        });
  }

  private static boolean isDeclarable(String name) {
    return IDENTIFIER.matcher(name).matches() && !READ_ONLY.contains(name);
  }
}
