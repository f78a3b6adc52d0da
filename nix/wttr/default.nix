# A weather client in Rust that links libcurl. Its build.rs asks pkg-config for libcurl, and the build has neither, so
# it fails. The two commented lines repair it.
{
  lib,
  stdenv,
  cargo,
  rustc,
  pkg-config,
  curl,
  nixBuildShellHook,
}:
stdenv.mkDerivation {
  pname = "wttr";
  version = "0.1";
  src = ./source;
  nativeBuildInputs = [
    cargo
    rustc
    # pkg-config
    # In this repository the hint is: nix run .#nix-build-shell
    (nixBuildShellHook.override { flake = "."; })
  ];
  # buildInputs = [ curl ];
  buildPhase = ''
    runHook preBuild
    export CARGO_HOME=$NIX_BUILD_TOP/.cargo
    cargo build --release
    runHook postBuild
  '';
  installPhase = ''
    runHook preInstall
    mkdir -p $out/bin
    cp target/release/wttr $out/bin/
    runHook postInstall
  '';
  meta = {
    description = "The weather, in one line";
    license = lib.licenses.mit;
    mainProgram = "wttr";
  };
}
