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
expect "table" "^conv2  *conv 5 x 5, pad 2  *32 x 28 x 28  *25632  *20070400  *100.4$" \
    "$("$tammes" net lenet++ --size 28 --channels 1 --dim 2)"
expect "sum" "797602 parameters" "$("$tammes" net lenet++ --size 28 --channels 1 --dim 2)"
expect "ir50" "^184 layers, 43589824 parameters, 6309 million" "$("$tammes" net ir50)"
json=$("$tammes" net conv4:bn=0 --size 28 --channels 1 --dim 128 --json)
expect "json" '"parameters":120000,' "$json"
expect "json" '"macs":9823232,' "$json"
expect "json" '"activation_bytes":866112,' "$json"
expect "memory" '"memory":{"batch":128,"parameter_bytes":' "$json"
expect "memory" '"training":{"bytes":[0-9]*,"dtype":"f32"},"inference":{"bytes":[0-9]*,"dtype":"f32"}}' "$json"
expect "json" '"name":"fc1","op":"fc","shape":\[128,1,1\],"parameters":8320,"macs":8192,"words":"","bytes":512}' "$json"
expect "text" "^input = input(channels=3, height=112, width=112)$" "$("$tammes" net ir10 --text)"

# What training keeps: less when it makes more again; the plan's own bytes, which bench net tells, too.
training() { "$tammes" net ir10:width=8 --size 32 --batch 16 --json "$@" | sed 's/.*"training":{"bytes":\([0-9]*\),.*/\1/'; }
told=$("$tammes" bench net --net ir10:width=8 --size 32 --batch 16 --seconds 0.01 --json | sed 's/.*"plan_mb":\([0-9.]*\),.*/\1/')
expect "memory of a batch of 16" "^$(training)$" "$(awk -v mb="$told" 'BEGIN { printf "%.0f", 1e6 * mb }')"
[ "$(training --recompute none)" -gt "$(training)" ] || { echo "recomputation saves nothing"; failures=1; }
expect "memory in words" "^a batch of 4 in f32 takes [0-9.]* MB for inference$" "$("$tammes" net conv4 --batch 4)"
# A program under a sanitiser reserves more than the limit before it begins.
if (ulimit -v 4000000; "$tammes" --version >/dev/null 2>&1); then
    expect "memory that there is not" "^a batch of 65536 for training: .*cannot allocate" \
        "$(ulimit -v 4000000; "$tammes" net lenet++ --batch 65536)"
fi

# The drawing.
folder=$(mktemp -d /tmp/tammes-net-XXXXXX)
"$tammes" net ir10 --svg "$folder/ir10.svg" || { echo "--svg fails"; failures=1; }
expect "drawing" "^<svg .*viewBox" "$(head -1 "$folder/ir10.svg")"
rm -r "$folder"

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
refuse "net conv4 for 1 x 4 x 4: max_pool3: a 2 x 2 window" conv4 --size 4 --channels 1
refuse "conv4: width=0 is outside its range \[1, 4096\] of whole numbers" conv4:width=0
refuse "conv4: width=4 is given twice\|conv4: width is given twice" conv4:width=4,width=4
refuse "f16" conv4 --dtype f16
exit $((failures > 0))
