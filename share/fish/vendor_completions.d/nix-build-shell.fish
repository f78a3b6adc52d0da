# Completion for nix-build-shell in fish. tests/integration/documents.sh holds its options to --help.

# The IDs that the setup hook gave, and the caller's sessions.
function __nix_build_shell_ids
    for file in /tmp/nix-build-*/.nix-build-shell/manifest.json /tmp/nix-build-*/build/.nix-build-shell/manifest.json \
            /nix/var/nix/builds/*/build/.nix-build-shell/manifest.json /nix/var/nix/b/*/b/.nix-build-shell/manifest.json
        test -r $file; and string match -rg '"id": *"([A-Za-z0-9+._-]+)"' <$file
    end
end
function __nix_build_shell_sessions
    set -l state $HOME/.local/state
    set -q XDG_STATE_HOME; and set state $XDG_STATE_HOME
    for file in $state/nix-build-shell/*/session.properties
        basename (dirname $file)
    end
end
function __nix_build_shell_wants_dir
    __fish_is_first_token; or __fish_seen_subcommand_from diff list path retry
end

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
complete -c nix-build-shell -n '__fish_is_first_token' -a attach -d 'Enter a build that waits at its failure'
complete -c nix-build-shell -n '__fish_is_first_token' -a build -d 'Build, and open a shell at the failure'
complete -c nix-build-shell -n '__fish_is_first_token' -a clean -d 'Delete sessions'
complete -c nix-build-shell -n '__fish_is_first_token' -a diff -d 'Print what you changed, as a patch'
complete -c nix-build-shell -n '__fish_is_first_token' -a doctor -d 'Try what this host can do'
complete -c nix-build-shell -n '__fish_is_first_token' -a fresh -d 'Enter a build that has not begun'
complete -c nix-build-shell -n '__fish_is_first_token' -a list -d 'List kept directories, sessions, running builds'
complete -c nix-build-shell -n '__fish_is_first_token' -a path -d 'Print where a session has its build directory'
complete -c nix-build-shell -n '__fish_is_first_token' -a retry -d 'Run the failed phase again'
complete -c nix-build-shell -n '__fish_seen_subcommand_from attach' -l pid -x -a '(__fish_complete_pids)' -d 'Enter the build of this process'
complete -c nix-build-shell -n '__fish_seen_subcommand_from attach' -l release -d 'End the build'
complete -c nix-build-shell -n '__fish_seen_subcommand_from attach' -l yes -d 'Enter a build that does not wait, without a question'
complete -c nix-build-shell -n '__fish_seen_subcommand_from clean' -l older-than -x -d 'Delete sessions unused for so many days'
complete -c nix-build-shell -n '__fish_seen_subcommand_from clean' -l all -d 'Delete all sessions'
complete -c nix-build-shell -n '__fish_seen_subcommand_from diff' -l all -d 'Have new files in the patch'
complete -c nix-build-shell -n '__fish_seen_subcommand_from diff' -l check -d 'Try the patch on the source'
complete -c nix-build-shell -n '__fish_seen_subcommand_from doctor' -l json -d 'Print JSON'
complete -c nix-build-shell -n '__fish_seen_subcommand_from fresh' -l before -x -a 'unpackPhase patchPhase configurePhase buildPhase checkPhase installPhase fixupPhase installCheckPhase distPhase' -d 'Run the phases before this phase'
complete -c nix-build-shell -n '__fish_seen_subcommand_from fresh' -l file -r -F -d 'Take DRV for an attribute of this file'
complete -c nix-build-shell -n '__fish_seen_subcommand_from list' -l running -d 'List the builds that run now'
complete -c nix-build-shell -n '__fish_seen_subcommand_from list' -l size -d 'Measure each directory'
complete -c nix-build-shell -n '__fish_seen_subcommand_from list' -l json -d 'Print JSON'
complete -c nix-build-shell -n '__fish_seen_subcommand_from retry' -l phase -x -a 'unpackPhase patchPhase configurePhase buildPhase checkPhase installPhase fixupPhase installCheckPhase distPhase' -d 'Run this phase'
complete -c nix-build-shell -n '__fish_seen_subcommand_from retry' -l trace -d 'Show each command'
complete -c nix-build-shell -n '__fish_seen_subcommand_from retry' -l json -d 'Print JSON'
complete -c nix-build-shell -n '__nix_build_shell_wants_dir' -a last -d 'The newest kept build directory'
complete -c nix-build-shell -n '__nix_build_shell_wants_dir' -a '(__nix_build_shell_ids)' -d 'Kept failure'
complete -c nix-build-shell -n '__nix_build_shell_wants_dir; or __fish_seen_subcommand_from clean' -a '(__nix_build_shell_sessions)' -d 'Session'
complete -c nix-build-shell -n '__nix_build_shell_wants_dir' -a '/tmp/nix-build-* /nix/var/nix/builds/* /nix/var/nix/b/*' -d 'Kept build directory'
complete -c nix-build-shell -n '__nix_build_shell_wants_dir' -a '(__fish_complete_directories)'
