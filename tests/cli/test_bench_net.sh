# tammes bench net as a person and as a script would call it.
set -u
tammes=$1
failures=0
scratch=$(mktemp -d /tmp/tammes-bench-XXXXXX)
trap 'rm -rf "$scratch"' EXIT

expect() { # WHAT, EXPECTED PATTERN, GOT
    if ! grep -q -- "$2" <<<"$3"; then
        echo "$1: expected '$2' in: $3"
        failures=$((failures + 1))
    fi
}

holds() { # WHAT, "KEY < NUMBER", JSON
    awk -v value="$(sed "s/.*\"${2%% *}\":\([-0-9.e]*\).*/\1/" <<<"$3")" "BEGIN {exit !(value ${2#* })}" || {
        echo "$1: $2 does not hold in: $3"
        failures=$((failures + 1))
    }
}

for mode in train infer; do
    json=$("$tammes" bench net --net conv4:width=9 --dim 7 --batch 3 --seconds 0 --threads 1 --mode $mode --json)
    for key in ms_median ms_min ms_max images_per_second gflops product_gflops limit_ms ratio_to_limit forward_ms \
        backward_ms update_ms plan_mb peak_rss_mb plan_seconds share_of_peak memory_gbs product_bf16_gflops steps; do
        expect "$mode" "\"$key\":[0-9]" "$json"
    done
    expect "$mode" "\"case\":\"net conv4:width=9 $mode\"" "$json"
    expect "$mode" '"batch":3,"channels":1,"height":28,"width":28,"dim":7' "$json"
    expect "$mode" '"threads":1,"dtype":"f32","recompute":"sweeps","tune":"off","deterministic":false' "$json"
done
table=$("$tammes" bench net --net conv4 --batch 2 --seconds 0)
expect "table" "images/s, .* ms a step" "$table"
expect "table" "that products of f32 reach here" "$table"
expect "table" "^plan .* MB, made in .* s; peak .* MB$" "$table"

# A net that is not told otherwise gets its usual input; a large one a smaller batch.
expect "usual" '"batch":128,"channels":1,"height":28,"width":28,"dim":128,' \
    "$("$tammes" bench net --net conv4:width=2 --seconds 0 --mode infer --json)"
expect "usual" '"batch":32,"channels":3,"height":112,"width":112,"dim":512,' \
    "$("$tammes" bench net --net ir18:width=1 --seconds 0 --mode infer --json)"
json=$("$tammes" bench net --net conv4:width=2 --batch 2 --seconds 0 --recompute none --tune off --deterministic --json)
expect "flags" '"recompute":"none","tune":"off","deterministic":true' "$json"
# What the process needs to measure the machine is not the net's.
holds "the peak is the net's" "peak_rss_mb < 200" "$json"

tune() {
    "$tammes" bench net --net conv4:width=16 --batch 2 --seconds 0 --tune fast --tuning-file "$scratch/choices" --json
}
expect "tune" '"tune":"fast"' "$(tune)"
cp "$scratch/choices" "$scratch/before"
expect "the choices" "^conv" "$(cat "$scratch/before")"
tune >"$scratch/again"
cmp "$scratch/before" "$scratch/choices" || failures=$((failures + 1))

turns=$(printf '\n3\n 2 \n' | "$tammes" bench net --net conv4:width=2 --batch 2 --rounds-on-request --json)
expect "first turn" '^{"ms":[0-9.e-]*,"steps":1}$' "$(sed -n 1p <<<"$turns")"
expect "second turn" '^{"ms":[0-9.e-]*,"steps":3}$' "$(sed -n 2p <<<"$turns")"
expect "third turn" '^{"ms":[0-9.e-]*,"steps":2}$' "$(sed -n 3p <<<"$turns")"
expect "after the turns" '"steps":6,' "$(sed -n 4p <<<"$turns")"
[ "$("$tammes" bench net --net conv4:width=2 --batch 2 --rounds-on-request </dev/null)" = "" ] || {
    echo "no turn was asked for, and yet there is something to tell"
    failures=$((failures + 1))
}

if "$tammes" bench net --net conv4:width=4 --batch 2 --seconds 0 --layers >"$scratch/table" 2>&1 ||
    ! grep -q "does not measure" "$scratch/table"; then
    json=$("$tammes" bench net --net conv4:width=4 --batch 2 --seconds 0 --layers --json)
    for key in ms flops bytes gflops gbs limit_ms share_of_limit; do
        expect "layers" "\"layers\":\[{\"layer\":\"[a-z_0-9]*\",\"part\":\"[a-z ]*\",\"algorithm\":\"[^\"]*\",.*\"$key\":[0-9]" "$json"
    done
    expect "the first layer's gradient" '"layer":"conv1","part":"backward weights",' "$json"
    table=$("$tammes" bench net --net conv4:width=4 --batch 2 --seconds 0 --layers)
    expect "layers" "^layer  *part  *algorithm  *ms  *GFLOP/s  *GB/s  *limit$" "$table"
    expect "layers" "^conv1  *forward .*%$" "$table"
    expect "layers" "^total  *backward weights  *[0-9]* products .*%$" "$table"
    expect "layers" "^total  *forward  *[0-9]* sweeps .*%$" "$table"
    expect "layers" "^total  *all  *[0-9]* parts .*%$" "$table"
fi

refuse() { # STATUS, PATTERN, ARGUMENTS...
    local wanted=$1 pattern=$2 output status
    shift 2
    output=$("$tammes" bench net "$@" 2>&1)
    status=$?
    expect "bench net $*" "$pattern" "$output"
    [ $status -eq "$wanted" ] || { echo "bench net $*: exit code $status, not $wanted"; failures=$((failures + 1)); }
}
refuse 2 "did you mean 'conv4'" --net conv5
refuse 2 "none of train|infer" --mode infr
refuse 2 "batch" --batch 0
refuse 2 "did you mean 'cpu'" --backend cpv
refuse 2 "none of f32|bf16|auto" --dtype f16
refuse 2 "none of sweeps|none|units" --recompute all
refuse 2 "none of off|fast|full" --tune max
refuse 2 "the backend 'ref' does not measure its parts" --net conv4:width=2 --batch 2 --backend ref --layers
refuse 2 "max_pool3: a 2 x 2 window does not fit" --net conv4 --size 4
echo "one two three" >"$scratch/choices"
refuse 3 "line 1 is not a key and a choice" --net conv4:width=2 --batch 2 --tune fast --tuning-file "$scratch/choices"
for words in 0 -1 3x 1e3 ' .'; do
    refuse 3 "is not a number of steps" --net conv4:width=2 --batch 2 --rounds-on-request <<<"$words"
done

exit $((failures > 0))
