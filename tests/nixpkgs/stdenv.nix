# stdenv.mkDerivation, on the setup script of the fixtures (tests/fixtures/stdenv) and on phases.sh.
{
  lib,
  system,
  host,
  bash,
  busybox,
  tinycc,
  gnumake,
}:
let
  stdenv = derivation {
    name = "stdenv-linux";
    inherit
      system
      host
      bash
      busybox
      ;
    initialPath = "${busybox} ${bash} ${tinycc} ${gnumake}";
    phases = ./phases.sh;
    builder = "${bash}/bin/bash";
    args = [
      "-ec"
      ''
        PATH=$busybox/bin
        mkdir $out
        printf 'SHELL=%s\ninitialPath="%s"\n' "$bash/bin/bash" "$initialPath" >$out/setup
        cat $host/setup.sh $phases >>$out/setup
      ''
    ];
  };

  mkDerivation =
    attrs:
    derivation (
      {
        name = "${attrs.pname}-${attrs.version}";
        inherit system stdenv;
        builder = "${bash}/bin/bash";
        args = [
          "-ec"
          "source $stdenv/setup; genericBuild"
        ];
      }
      // removeAttrs attrs [
        "meta"
        "passthru"
      ]
    )
    // {
      meta = attrs.meta or { };
      overrideAttrs = f: mkDerivation (attrs // f attrs);
    }
    // attrs.passthru or { };
in
stdenv
// {
  inherit mkDerivation;
  shell = "${bash}/bin/bash";
}
