#!/usr/bin/env bash
# Step of action.yml: installs the compilers that are not there. Environment: KHO_ABI_ARCH, KHO_ABI_COMPILERS.
set -euo pipefail

[ "$KHO_ABI_COMPILERS" = none ] && exit 0

read -ra packages <<<"$KHO_ABI_COMPILERS"
if [ ${#packages[@]} -eq 0 ]; then
  IFS=, read -ra arches <<<"$KHO_ABI_ARCH"
  for arch in "${arches[@]}"; do
    case "$arch" in
      x86_64) packages+=(gcc) ;;
      arm64) packages+=(gcc-aarch64-linux-gnu) ;;
      s390x) packages+=(gcc-s390x-linux-gnu) ;;
      *)
        echo "::error title=kho-abi::no package is known for the compiler of an architecture; name it with the input compilers"
        exit 2
        ;;
    esac
  done
fi

missing=()
for package in "${packages[@]}"; do
  # A name of a package and nothing else: no option, no path, no version.
  if ! [[ "$package" =~ ^[a-z0-9][a-z0-9.+-]+$ ]]; then
    echo "::error title=kho-abi::the input compilers holds something that is no name of a package"
    exit 2
  fi
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}
export DEBIAN_FRONTEND=noninteractive
as_root apt-get update -qq
as_root apt-get install -y -qq --no-install-recommends "${missing[@]}"
