# shellcheck shell=bash
# A kept directory of a million entries, a thousand times a file of a thousand names. (What an entry costs does not
# grow with their number: TreeCostTest.)

test_a_million_entries() {
	dir=$T/nix-build-million-1.0.drv-0
	user_dir "$dir"
	printf 'declare -x %s="%s"\n' SHELL "$BASH_PATH/bin/bash" PATH "$TOOLS_PATH/bin:$BASH_PATH/bin" >"$dir/env-vars"
	# shellcheck disable=SC2016
	as_user perl -e '
		for my $d (0 .. 999) {
			chdir $ARGV[0] or die;
			mkdir "d$d" or die;
			chdir "d$d" or die;
			open my $file, ">", "f" or die;
			close $file;
			link "f", "l$_" or die for 1 .. 999;
		}' "$dir"
	run nbs "$dir" bash -c 'names=(d*/*); echo ${#names[*]}; stat -c %h d0/f d999/l999; [ d7/f -ef d7/l7 ] && ! [ d7/f -ef d8/f ]'
	expect_status 0
	expect_out $'1000000\n1000\n1000'
	no_files_below "$USER_HOME" "something is left of the session"
}
