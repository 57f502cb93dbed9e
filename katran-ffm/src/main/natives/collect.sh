#!/bin/sh
# Collects libbpf and its dependencies from this machine's Debian packages, for systems where libbpf
# is not installed. Usage: collect.sh <target folder> <platform, such as linux-x86_64>
set -eu

root=$1
platform=$2
[ "linux-$(uname -m)" = "$platform" ] || {
	echo "cannot collect libraries for $platform on linux-$(uname -m)" >&2
	exit 1
}
folder=$root/META-INF/katran/natives/$platform
rm -rf "$root"
mkdir -p "$folder"

# Prints the package that owns a file; dpkg may list it under /lib or /usr/lib.
owner() {
	for path in "$1" "/usr$1" "${1#/usr}" "$(readlink -f "$1")"; do
		dpkg-query -S "$path" 2>/dev/null && return
	done
	echo "no package owns $1" >&2
	return 1
}

{
	echo "Shared libraries from packages of Debian, unmodified. Their licences are in the files"
	echo "*.copyright; their sources are Debian's: apt-get source <package>=<version>, or"
	echo "https://snapshot.debian.org."
	echo
} > "$folder/NOTICE"

# The load order: dependencies first.
for library in libz.so.1 libelf.so.1 libbpf.so.1; do
	file=$(ldconfig -p | awk -v library="$library" '$1 == library { print $NF; exit }')
	[ -n "$file" ] || {
		echo "$library is not installed: apt-get install libbpf1" >&2
		exit 1
	}
	package=$(owner "$file" | head -n 1 | sed 's/: .*//')
	cp -L "$file" "$folder/$library"
	cp -L "/usr/share/doc/${package%%:*}/copyright" "$folder/$library.copyright"
	dpkg-query -W -f "$library: \${Package} \${Version} \${Architecture} (source package \${source:Package} \${source:Version})\n" \
		"$package" >> "$folder/NOTICE"
	(cd "$folder" && sha256sum "$library") >> "$folder/SHA256SUMS"
done
cat "$folder/NOTICE"
