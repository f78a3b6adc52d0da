# The functions of nixpkgs' lib that the flake calls, as far as it does, and those that a package set needs.
let
  inherit (builtins)
    compareVersions
    concatStringsSep
    elemAt
    fromJSON
    functionArgs
    head
    intersectAttrs
    isAttrs
    isFunction
    listToAttrs
    readFile
    replaceStrings
    ;
in
rec {
  genAttrs =
    names: f:
    listToAttrs (
      map (name: {
        inherit name;
        value = f name;
      }) names
    );
  concatMapStringsSep =
    separator: f: list:
    concatStringsSep separator (map f list);
  optionalString = condition: text: if condition then text else "";
  inherit elemAt head replaceStrings;
  importJSON = path: fromJSON (readFile path);
  versionAtLeast = have: want: compareVersions have want >= 0;
  licenses.mit = {
    spdxId = "MIT";
  };

  # f's result, with a function `override` that calls f again with other arguments.
  makeOverridable =
    f: args:
    let
      result = f args;
    in
    if isAttrs result then
      result // { override = new: makeOverridable f (args // (if isFunction new then new args else new)); }
    else
      result;

  # Arguments come from `set` by their names.
  callPackageWith =
    set: fileOrFunction: args:
    let
      f = if isFunction fileOrFunction then fileOrFunction else import fileOrFunction;
    in
    makeOverridable f (intersectAttrs (functionArgs f) set // args);

  # A set made by a function of itself, that overlays can extend.
  makePackages =
    f:
    let
      final = f final // {
        callPackage = callPackageWith final;
        extend = overlay: makePackages (self: let before = f self; in before // overlay self before);
      };
    in
    final;
}
