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
    let
      plain = {
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
      ];
    in
    derivation plain
    // {
      meta = attrs.meta or { };
      overrideAttrs = f: mkDerivation (attrs // f attrs);
      # What the derivation needs, as references of a file.
      inputDerivation = derivation (
        plain
        // {
          name = "${plain.name}-inputs";
          args = [
            "-ec"
            "export >$out"
          ];
        }
      );
    }
    // attrs.passthru or { };
in
stdenv
// {
  inherit mkDerivation;
  shell = "${bash}/bin/bash";
}
