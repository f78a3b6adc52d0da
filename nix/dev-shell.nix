# All that tests/run needs, except for Nix itself. Two JDKs, because the tool calls the kernel in two ways.
{
  mkShell,
  jdk17_headless,
  jdk25_headless,
  maven,
  shellcheck,
  shfmt,
  nixfmt-tree,
  tmux,
  strace,
}:
mkShell {
  packages = [
    maven
    shellcheck
    shfmt
    nixfmt-tree
    tmux
    strace
  ];
  JAVA_HOME = jdk17_headless.home;
  NIX_BUILD_SHELL_JAVA_HOME = jdk25_headless.home;
}
