# SPDX-License-Identifier: MIT
# hello.sh - sourced: GNU hello, by apt-get source

# The mirror and release this machine uses, as one deb-src line.
source_line()
{
	. /etc/os-release
	uri=$(sed -n 's/^URIs: *\([^ ]*\).*/\1/p; s/^deb *\(\[[^]]*\]\)* *\([^ ]*\).*/\2/p' \
		/etc/apt/sources.list /etc/apt/sources.list.d/*.sources \
		/etc/apt/sources.list.d/*.list 2>/dev/null | head -1)
	echo "deb-src ${uri:-http://deb.debian.org/debian} $VERSION_CODENAME main"
}

# fetch_hello WORK TO LOG: into the new directory TO, by way of WORK; lists of our own, so that
# nothing of the machine's changes
fetch_hello()
{
	command -v apt-get >/dev/null && command -v dpkg-source >/dev/null || return 1
	mkdir -p "$1/apt/lists/partial" "$1/apt/cache/archives/partial" "$1/fetch"
	source_line >"$1/apt/sources.list"
	hello_work=$1 hello_to=$2 hello_log=$3
	set -- -q -o "Dir::Etc::sourcelist=$1/apt/sources.list" -o Dir::Etc::sourceparts=- \
		-o "Dir::State::lists=$1/apt/lists" -o "Dir::Cache=$1/apt/cache" \
		-o APT::Sandbox::User="$(id -un)" -o Acquire::Retries=2 -o Acquire::http::Timeout=30
	apt-get "$@" update >"$hello_log" 2>&1 || return 1
	(cd "$hello_work/fetch" && apt-get "$@" source hello) >>"$hello_log" 2>&1 || return 1
	mv "$hello_work"/fetch/hello-*/ "$hello_to"
}
