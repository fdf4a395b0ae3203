# Sourced by every finding, with the packages it needs as NAME==VERSION: makes a temporary folder with an environment
# that holds them and nothing of the lab, and goes there. The folder is also the home, and disappears at the end.
# Exit status of a finding: 0 it is still so, 1 it has changed, 2 it could not be looked at.
set -euo pipefail
findings=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3 -m venv "$folder/environment"
if ! "$folder/environment/bin/pip" install --quiet --disable-pip-version-check "$@"; then
    echo "Not looked at: $* could not be installed." >&2
    exit 2
fi
unset PYTHONPATH
export PATH="$folder/environment/bin:$PATH" HOME="$folder"
cd "$folder"
