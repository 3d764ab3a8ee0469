# tammes bench net as a person and as a script would call it.
set -u
tammes=$1
failures=0

expect() { # WHAT, EXPECTED PATTERN, GOT
    if ! grep -q -- "$2" <<<"$3"; then
        echo "$1: expected '$2' in: $3"
        failures=$((failures + 1))
    fi
}

for mode in train infer; do
    json=$("$tammes" bench net --net conv4:width=9 --dim 7 --batch 3 --seconds 0 --threads 1 --mode $mode --json)
    for key in ms_median ms_min ms_max images_per_second gflops product_gflops limit_ms ratio_to_limit forward_ms \
        backward_ms update_ms plan_mb peak_rss_mb; do
        expect "$mode" "\"$key\":[0-9]" "$json"
    done
    expect "$mode" "\"case\":\"net conv4:width=9 $mode\"" "$json"
    expect "$mode" '"batch":3,"channels":1,"height":28,"width":28,"dim":7' "$json"
    expect "$mode" '"threads":1,"dtype":"f32"' "$json"
done
expect "table" "images/s, .* ms a step" "$("$tammes" bench net --net conv4 --batch 2 --seconds 0)"

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

exit $((failures > 0))
