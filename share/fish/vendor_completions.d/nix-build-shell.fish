# Completion for nix-build-shell in fish. tests/integration/documents.sh holds its options to --help.

complete -c nix-build-shell -f
complete -c nix-build-shell -l drv -r -k -a '(__fish_complete_suffix .drv)' -d 'The derivation that failed'
complete -c nix-build-shell -l store -x -a '(__fish_complete_directories)' -d 'The store of the build'
complete -c nix-build-shell -l work-dir -x -a '(__fish_complete_directories)' -d 'Keep sessions below this directory'
complete -c nix-build-shell -l network -x -a 'host none' -d 'The network of the sandbox'
complete -c nix-build-shell -l sandbox-path -r -F -d 'Show a path of the host in the sandbox'
complete -c nix-build-shell -l with -r -F -d "Bring a package, behind the build's programs in PATH"
complete -c nix-build-shell -l bin-sh -x -a 'build nix' -d "What is at /bin/sh"
complete -c nix-build-shell -l builder -d 'Run the builder again'
complete -c nix-build-shell -l explain -d 'Print the system calls that make the sandbox, and run nothing'
complete -c nix-build-shell -l using -x -a '(__fish_complete_command)' -d 'The program to build with, before build'
complete -c nix-build-shell -l no-shell -d 'Open no shell after a failure, before build'
complete -c nix-build-shell -l json -d 'Say in JSON what failed, before build'
complete -c nix-build-shell -s q -l quiet -d 'Print no greeting before the shell'
complete -c nix-build-shell -s v -l verbose -d 'Print what is known of the build'
complete -c nix-build-shell -s h -l help -d 'Print the help'
complete -c nix-build-shell -s V -l version -d 'Print the version'
complete -c nix-build-shell -n '__fish_is_first_token' -a last -d 'The newest kept build directory'
complete -c nix-build-shell -n '__fish_is_first_token' -a '/tmp/nix-build-* /nix/var/nix/builds/* /nix/var/nix/b/*' -d 'Kept build directory'
complete -c nix-build-shell -n '__fish_is_first_token' -a '(__fish_complete_directories)'
