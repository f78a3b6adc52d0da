# For any package set: the tool, and the hook for nativeBuildInputs.
final: _prev:
let
  # The newest of the JDKs with long support that the set has. From 22 on, the tool needs no JNA.
  jdk = final.jdk25_headless or final.jdk21_headless or final.jdk17_headless;
in
{
  nix-build-shell = final.callPackage ./package.nix {
    inherit jdk;
    jre = jdk;
  };

  nixBuildShellHook = final.callPackage ./hook.nix { };
}
