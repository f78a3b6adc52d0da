{
  description = "Enter the sandbox of a failed Nix build";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      each = nixpkgs.lib.genAttrs [
        "x86_64-linux"
        "aarch64-linux"
      ];
      # The package set with this flake's own packages in it.
      pkgsFor = each (system: nixpkgs.legacyPackages.${system}.extend self.overlays.default);
      perSystem = f: each (system: f pkgsFor.${system} self.packages.${system});
      app = program: {
        type = "app";
        inherit program;
      };
    in
    {
      overlays.default = import ./nix/overlay.nix;

      packages = perSystem (
        pkgs: own: {
          inherit (pkgs) nix-build-shell nixBuildShellHook;
          default = own.nix-build-shell;
          hello-world = pkgs.callPackage ./nix/hello-world { };
          wttr = pkgs.callPackage ./nix/wttr { };
        }
      );

      apps = perSystem (
        pkgs: own:
        let
          demonstration = pkgs.callPackage ./nix/demo.nix { inherit (own) wttr; };
        in
        rec {
          default = nix-build-shell;
          nix-build-shell = app "${own.nix-build-shell}/bin/nix-build-shell";
          demo = app "${demonstration}/bin/nix-build-shell-demo";
        }
      );

      lib = {
        debuggable = import ./nix/debuggable.nix {
          hookFor = system: self.packages.${system}.nixBuildShellHook;
        };
        pausing = drv: (self.lib.debuggable drv).overrideAttrs (_: {
          nixBuildShellPause = true;
        });
      };

      devShells = perSystem (pkgs: _: { default = pkgs.callPackage ./nix/dev-shell.nix { }; });

      formatter = perSystem (pkgs: _: pkgs.nixfmt-tree);

      checks = perSystem (
        pkgs: own:
        import ./nix/checks.nix {
          inherit pkgs;
          inherit (own) hello-world wttr;
          source = self;
        }
      );
    };
}
