{
  description = "A stand-in for nixpkgs, for tests without a network";

  outputs =
    { self }:
    {
      lib = import ./lib.nix;
      legacyPackages = self.lib.genAttrs [ "x86_64-linux" "aarch64-linux" ] (
        system:
        import ./. {
          inherit system;
          host = "${self}/host";
        }
      );
    };
}
