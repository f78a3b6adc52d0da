# debuggable drv: returns the derivation with the hook added.
{ hookFor }:
drv:
drv.overrideAttrs (old: {
  nativeBuildInputs = (old.nativeBuildInputs or [ ]) ++ [ (hookFor drv.system) ];
})
