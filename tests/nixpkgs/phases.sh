# shellcheck shell=bash
# The default phases, after the fixtures' setup script: from `src` with a Makefile, as nixpkgs' stdenv does it.

runHook() {
	if declare -F "$1" >/dev/null; then "$1"; else eval "${!1:-}"; fi
}

unpackPhase() {
	runHook preUnpack
	local name=${src##*/}
	sourceRoot=${name#*-}
	cp -R "$src" "$sourceRoot"
	chmod -R u+w "$sourceRoot"
	runHook postUnpack
}

buildPhase() {
	runHook preBuild
	# shellcheck disable=SC2086 # words
	if [[ -e Makefile ]]; then make SHELL="$SHELL" CC=cc ${makeFlags:-}; fi
	runHook postBuild
}

installPhase() {
	runHook preInstall
	# shellcheck disable=SC2086 # words
	if [[ -e Makefile ]]; then make SHELL="$SHELL" CC=cc ${makeFlags:-} install; fi
	runHook postInstall
}

installCheckPhase() { :; }

# substituteAll FILE TARGET: @name@ is the value of the exported variable `name`.
substituteAll() {
	local content name
	content=$(cat "$1" && echo .)
	content=${content%.}
	while read -r name; do
		content=${content//"@$name@"/"${!name}"}
	done < <(compgen -e | grep '^[a-z][a-zA-Z0-9_]*$')
	printf '%s' "$content" >"$2"
}

genericBuild() {
	export GZIP_NO_TIMESTAMPS=1
	if [[ -n ${buildCommand:-} ]]; then
		eval "$buildCommand"
		return
	fi
	for curPhase in ${phases:-unpackPhase patchPhase configurePhase buildPhase installPhase installCheckPhase}; do
		runPhase "$curPhase"
	done
}
