# The package set: what the flake names of nixpkgs, built from programs of the host, which `host` holds
# (tests/lib/flake.sh puts them there). What no test builds has a name and no more.
{ system, host }:
let
  lib = import ./lib.nix;

  # Something that is only evaluated: the flake's outputs must not fail there.
  nameOnly =
    name:
    derivation {
      inherit name system;
      builder = "/not-in-the-stand-in-for-nixpkgs";
    }
    // {
      home = "/not-in-the-stand-in-for-nixpkgs/${name}";
    };
in
lib.makePackages (
  final:
  {
    inherit lib system;

    inherit (import ./bootstrap.nix { inherit system host; })
      bash
      bashInteractive
      busybox
      program
      tinycc
      jdk25_headless
      ;
    gnumake = final.program "make";
    shellcheck = final.program "shellcheck";
    shfmt = final.program "shfmt";

    stdenv = import ./stdenv.nix {
      inherit lib system host;
      inherit (final)
        bash
        busybox
        tinycc
        gnumake
        ;
    };
    runtimeShell = "${final.bash}/bin/bash";
  }
  // import ./builders.nix { inherit final host; }
  // lib.genAttrs [
    "cargo"
    "curl"
    "jdk17_headless"
    "maven"
    "nixfmt-tree"
    "pkg-config"
    "rustc"
    "strace"
    "tmux"
  ] nameOnly
)
