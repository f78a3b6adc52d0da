# A C program with a Makefile, which builds. Break it, and the hook explains the failure.
{
  lib,
  stdenv,
  nixBuildShellHook,
}:
stdenv.mkDerivation {
  pname = "hello-world";
  version = "0.1.0";
  src = ./source;
  # In this repository the hint is: nix run .#nix-build-shell
  nativeBuildInputs = [ (nixBuildShellHook.override { flake = "."; }) ];
  makeFlags = [ "PREFIX=$(out)" ];
  meta = {
    description = "A C program, to be broken and debugged";
    license = lib.licenses.mit;
    mainProgram = "hello-world";
  };
}
