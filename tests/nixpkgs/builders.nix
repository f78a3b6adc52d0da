# Functions that make derivations, with the arguments of nixpkgs' own that the flake gives.
{ final, host }:
let
  inherit (final) stdenv;
in
rec {
  runCommand =
    name: attrs: buildCommand:
    stdenv.mkDerivation ({ inherit name buildCommand; } // attrs);

  # The hash decides, as ever; the content comes from the host's files.
  fetchurl =
    { url, hash }:
    runCommand (baseNameOf url) {
      outputHash = hash;
      outputHashMode = "flat";
      inherit url host;
    } ''
      case $url in
      mirror://maven/*) cp "$host/files/''${url##*/}" "$out" ;;
      *) echo "fetchurl: no such mirror: $url" >&2 && exit 1 ;;
      esac
    '';

  makeSetupHook =
    {
      name,
      substitutions ? { },
      meta ? { },
    }:
    script:
    runCommand name (substitutions // { inherit meta; }) ''
      mkdir -p $out/nix-support
      substituteAll ${script} $out/nix-support/setup-hook
    '';

  writeShellScriptBin =
    name: text:
    runCommand name {
      text = "#!${stdenv.shell}\n${text}";
      meta.mainProgram = name;
    } ''
      mkdir -p $out/bin
      printf '%s' "$text" >$out/bin/${name}
      chmod 755 $out/bin/${name}
      ${stdenv.shell} -n $out/bin/${name}
    '';

  # Only evaluated.
  mkShell =
    { packages, ... }@attrs:
    stdenv.mkDerivation (
      removeAttrs attrs [ "packages" ]
      // {
        name = "nix-shell";
        nativeBuildInputs = packages;
      }
    );
}
