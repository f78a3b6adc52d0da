# A C program with a Makefile. It builds; the hook is there for the day when it does not.
{
  lib,
  stdenv,
  nixBuildShellHook,
}:
stdenv.mkDerivation {
  pname = "hello-world";
  version = "0.1.0";
  src = ./source;
  # The hint is for whoever stands in this repository: nix run .#nix-build-shell
  nativeBuildInputs = [ (nixBuildShellHook.override { flake = "."; }) ];
  makeFlags = [ "PREFIX=$(out)" ];
  meta = {
    description = "A C program, to be broken and debugged";
    license = lib.licenses.mit;
    mainProgram = "hello-world";
  };
}
