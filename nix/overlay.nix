# Adds the tool and the hook to a package set.
final: _prev:
let
  # The newest JDK with long-term support in the package set. From 22 on, the tool needs no JNA.
  jdk = final.jdk25_headless or final.jdk21_headless or final.jdk17_headless;
in
{
  nix-build-shell = final.callPackage ./package.nix {
    inherit jdk;
    jre = jdk;
  };

  nixBuildShellHook = final.callPackage ./hook.nix { };
}
