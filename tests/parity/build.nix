# The build whose builder reports what it can observe, and fails. `extra` has attributes for it.
{
  bash,
  probe,
  salt,
  extra ? { },
}:
derivation (
  {
    name = "probe-1.0";
    inherit salt;
    system = builtins.currentSystem;
    builder = "${builtins.storePath bash}/bin/bash";
    args = [
      "-c"
      "exec ${builtins.storePath probe}/bin/probe report"
    ];
  }
  // extra
)
