# shellcheck shell=bash
# A terminal to type into and to look at: tmux.

# start_terminal [NAME=VALUE...]: of 100 columns, in the current directory, with a plain shell of $WHO.
start_terminal() {
	socket=$USER_HOME/tmux
	trap 'tmux_does kill-server 2>/dev/null || true' EXIT
	"as_$WHO" TERM=xterm "$@" tmux -S "$socket" -f /dev/null \
		new-session -d -x 100 -y 50 'exec bash --norc --noprofile'
	types 'PS1="out: "; bind "set enable-bracketed-paste off"'
	shows 'out: $'
}

as_root() (root_exec "$@")

tmux_does() { "as_$WHO" tmux -S "$socket" "$@"; }

# types LINE: and Enter. keys KEY...: as tmux names them.
types() {
	tmux_does send-keys -l "$1"
	tmux_does send-keys Enter
}
keys() { tmux_does send-keys "$@"; }

screen() { tmux_does capture-pane -p -J -S -200; }

on_screen() { screen | grep -qE -e "$1"; }

# shows REGEX: a line of the screen comes to match.
shows() {
	if ! eventually on_screen "$1"; then
		screen
		fail "the terminal does not show: $1"
	fi
}
