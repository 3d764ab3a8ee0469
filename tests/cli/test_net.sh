# tammes net as a person and as a script would call it.
set -u
tammes=$1
failures=0

expect() { # WHAT, EXPECTED PATTERN, GOT
    if ! grep -q -- "$2" <<<"$3"; then
        echo "$1: expected '$2' in: $3"
        failures=$((failures + 1))
    fi
}

expect "list" "^lenet++ " "$("$tammes" net)"
expect "list" "width=64" "$("$tammes" net)"
expect "list as json" '{"name":"ir10",' "$("$tammes" net --json)"
expect "table" "^conv2  *conv  *32 x 28 x 28  *25632  *20070400$" \
    "$("$tammes" net lenet++ --size 28 --channels 1 --dim 2)"
expect "sum" "797602 parameters" "$("$tammes" net lenet++ --size 28 --channels 1 --dim 2)"
expect "ir50" "^184 layers, 43589824 parameters, 6309 million" "$("$tammes" net ir50)"
json=$("$tammes" net conv4:bn=0 --size 28 --channels 1 --dim 128 --json)
expect "json" '"parameters":120000,' "$json"
expect "json" '"macs":9823232,' "$json"
expect "json" '"activation_bytes":866112,' "$json"
expect "json" '"name":"fc1","op":"fc","shape":\[128,1,1\],"parameters":8320,"macs":8192}' "$json"
expect "text" "^input = input(channels=3, height=112, width=112)$" "$("$tammes" net ir10 --text)"

refuse() { # PATTERN, ARGUMENTS...
    local pattern=$1 output status
    shift
    output=$("$tammes" net "$@" 2>&1)
    status=$?
    expect "net $*" "$pattern" "$output"
    if [ $status -ne 2 ]; then
        echo "net $*: exit code $status, not 2"
        failures=$((failures + 1))
    fi
}

refuse "did you mean 'conv4'" conv5
refuse "did you mean 'width'" conv4:wdth=3
refuse "a 2 x 2 window does not fit its input of 1 x 1" conv4 --size 4
refuse "did you mean '--size'" conv4 --sise 4
exit $((failures > 0))
