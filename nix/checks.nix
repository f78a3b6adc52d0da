# The checks that `nix flake check` builds.
{
  pkgs,
  hello-world,
  wttr,
  source,
}:
let
  inherit (pkgs) runCommand nix-build-shell nixBuildShellHook;
in
{
  package = nix-build-shell;
  inherit hello-world;

  # nix/wttr with its two commented lines, so that it builds.
  wttr = wttr.overrideAttrs (old: {
    nativeBuildInputs = old.nativeBuildInputs ++ [ pkgs.pkg-config ];
    buildInputs = (old.buildInputs or [ ]) ++ [ pkgs.curl ];
  });

  # The hook leaves a build that succeeds alone.
  hook = runCommand "nix-build-shell-hook-check" { nativeBuildInputs = [ nixBuildShellHook ]; } ''
    bash -n ${nixBuildShellHook}/nix-support/setup-hook
    if grep -n '@[a-z][a-zA-Z]*@' ${nixBuildShellHook}/nix-support/setup-hook; then
      echo "these were not substituted" >&2
      exit 1
    fi
    if [ -e "$NIX_BUILD_TOP/.nix-build-shell" ]; then
      echo "the hook wrote something, and nothing has failed" >&2
      exit 1
    fi
    touch $out
  '';

  shellcheck =
    runCommand "nix-build-shell-shellcheck"
      {
        nativeBuildInputs = [
          pkgs.shellcheck
          pkgs.shfmt
        ];
      }
      ''
        cd ${source}
        shellcheck -x nix-build-shell hooks/*.sh src/build/find-jdk src/build/assemble src/build/compile-ffm-kernel
        shfmt -d hooks nix-build-shell src
        touch $out
      '';
}
