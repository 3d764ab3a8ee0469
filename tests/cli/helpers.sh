# For the command-line tests: source it after setting `tammes`. End with `finish`.
failures=0
scratch=$(mktemp -d /tmp/tammes-cli-XXXXXX)
trap 'rm -rf "$scratch"' EXIT

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# expect_exit CODE PATTERN COMMAND...: the command's exit code, and a pattern in what it says on either stream.
expect_exit() {
    local code=$1 pattern=$2 output status
    shift 2
    output=$("$@" 2>&1)
    status=$?
    [ "$status" -eq "$code" ] || fail "'$*' exits with $status, not $code: $output"
    grep -q -- "$pattern" <<<"$output" || fail "'$*' does not say '$pattern': $output"
}

same_files() {
    cmp "$1" "$2" || fail "$1 and $2 differ"
}

finish() {
    exit $((failures > 0))
}
