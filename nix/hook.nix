# The setup hook, for a derivation's nativeBuildInputs. It depends only on its own script, so that no other change in
# this repository makes a consumer build again.
{
  lib,
  makeSetupHook,
  # The flake that the hint names in `nix run FLAKE#nix-build-shell`. A store path here would become an input of every
  # consumer's build; a name of the flake registry does not.
  flake ? "nix-build-shell",
  # The hint's first command.
  command ? "nix-build-shell",
}:
let
  # One script, made only of the text of its parts.
  script = builtins.toFile "nix-build-shell-hook.sh" (
    lib.concatMapStringsSep "\n" builtins.readFile [
      ../hooks/state.sh
      ../hooks/trap.sh
      ../hooks/manifest.sh
      ../hooks/pause.sh
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
