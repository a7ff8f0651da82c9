# SPDX-License-Identifier: GPL-3.0-or-later
# Read by ./quickstart and ./check: installs the Debian packages that are missing, and only those.
#
#     need gcc "command -v gcc"         the package, and how to see that it is there
#     install_needed LOGFILE            installs what need() found missing, or says why it cannot
#
# Needs root or sudo only when something is missing.  No service is started or enabled: a web
# server that is installed for trying must not take port 80.

missing=

need() {
        sh -c "$2" >/dev/null 2>&1 || missing="$missing $1"
}

as_root() {
        if [ "$(id -u)" = 0 ]; then
                "$@"
        elif command -v sudo >/dev/null; then
                sudo "$@"
        else
                echo "these packages are missing and neither root nor sudo is at hand:" >&2
                echo "    apt-get install$missing" >&2
                return 1
        fi
}

# What is needed to build; the rest of a list is its caller's.
need_to_build() {
        need gcc "command -v gcc"
        need libc6-dev "test -e /usr/include/stdio.h"
        need make "command -v make"
        need autoconf "command -v autoreconf"
        need automake "command -v automake"
        need pkg-config "command -v pkg-config"
        need libfcgi-dev "test -e /usr/include/fcgiapp.h"
        need libcurl4-openssl-dev "pkg-config --exists libcurl"
        need libjansson-dev "pkg-config --exists jansson"
        need libgdbm-dev "test -e /usr/include/gdbm.h"
        need libssl-dev "pkg-config --exists libcrypto"
}

# Debian's maintainer scripts ask this file before they start a service; 101 is "not now".
policy=/usr/sbin/policy-rc.d

install_needed() {
        local ours= done=0 package

        [ -n "$missing" ] || return 0
        # shellcheck disable=SC2086
        set -- "$1" $missing
        if [ ! -e "$policy" ]; then
                ours=yes
                as_root sh -c "printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy" ||
                        return 1
        fi
        if ! ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1; then
                as_root apt-get -qq update >>"$1" 2>&1
        fi
        if apt_install "$@" || { as_root apt-get -qq update >>"$1" 2>&1 && apt_install "$@"; }; then
                done=1
        fi
        if [ -n "$ours" ]; then
                as_root rm -f "$policy"
                for package in lighttpd apache2; do
                        case " $missing " in
                        *" $package "*)
                                as_root env DPKG_MAINTSCRIPT_PACKAGE="$package" \
                                        deb-systemd-helper disable "$package.service" >>"$1" 2>&1
                                ;;
                        esac
                done
        fi
        if [ $done = 0 ]; then
                echo "apt-get could not install$missing; the end of $1:" >&2
                tail -n 15 "$1" >&2
                return 1
        fi
        missing=
}

apt_install() {
        local log=$1

        shift
        as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a \
                apt-get -y -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 \
                --no-install-recommends install "$@" >>"$log" 2>&1
}
