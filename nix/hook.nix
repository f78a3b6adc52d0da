# What a derivation puts into nativeBuildInputs to have its failures explained. It depends on its own
# script alone, so a change elsewhere in this repository makes no consumer build again.
{
  lib,
  makeSetupHook,
  # What the hint names in `nix run FLAKE#nix-build-shell`. A store path here would come into every
  # consumer's build; a name of the flake registry does not.
  flake ? "nix-build-shell",
  # The hint's first command.
  command ? "nix-build-shell",
}:
let
  # One script, of parts; made of their text alone.
  script = builtins.toFile "nix-build-shell-hook.sh" (
    lib.concatMapStringsSep "\n" builtins.readFile [
      ../hooks/state.sh
      ../hooks/manifest.sh
      ../hooks/nix-build-shell-hook.sh
    ]
  );
in
makeSetupHook {
  name = "nix-build-shell-hook";
  substitutions = {
    inherit flake command;
  };
  meta = {
    description = "Setup hook that keeps what is known of a failed build, and says how to enter it";
    license = lib.licenses.mit;
  };
} script
