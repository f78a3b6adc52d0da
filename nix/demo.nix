# Lets wttr fail and enters its sandbox: `nix run .#demo`. A command can follow `--`.
{
  writeShellScriptBin,
  nix-build-shell,
  wttr,
}:
writeShellScriptBin "nix-build-shell-demo" ''
  set -euo pipefail
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  # This script depends on the inputs, so that only wttr itself can fail: ${wttr.inputDerivation}
  # The derivation, not its output, which never gets built.
  if nix-store --realise --keep-failed ${builtins.unsafeDiscardOutputDependency wttr.drvPath} 2>&1 | tee "$log" >&2; then
    echo "nix-build-shell-demo: this build was to fail" >&2
    exit 1
  fi
  dir=$(sed -n "s/^note: keeping build directory ['\"]\(.*\)['\"]$/\1/p" "$log" | tail -n 1)
  if [ -z "$dir" ]; then
    echo "nix-build-shell-demo: Nix did not say that it kept a build directory" >&2
    exit 1
  fi
  ${nix-build-shell}/bin/nix-build-shell "$dir" "$@"
''
