# tammes bench head as a person and as a script would call it.
set -u
tammes=$1
failures=0

expect() { # WHAT, EXPECTED PATTERN, GOT
    if ! grep -q -- "$2" <<<"$3"; then
        echo "$1: expected '$2' in: $3"
        failures=$((failures + 1))
    fi
}

small="--classes 333 --dim 17 --batch 9 --seconds 0.02 --threads 1"
for loss in softmax+center arcface:s=16,m=0.3 p2sgrad; do
    json=$("$tammes" bench head $small --loss $loss --json)
    for key in case ms_median ms_min ms_max gflops limit_ms ratio_to_limit peak_rss_mb threads dtype error; do
        expect "$loss" "\"$key\":" "$json"
    done
    expect "$loss" "\"loss\":\"$loss\"" "$json"
    expect "$loss" '"classes":333' "$json"
done
expect "table" "^correct to .*reference" "$("$tammes" bench head $small)"
expect "table" "^ratio " "$("$tammes" bench head $small)"

output=$("$tammes" bench head $small --loss arcfce 2>&1)
status=$?
expect "unknown loss" "did you mean 'arcface'" "$output"
[ $status -eq 2 ] || { echo "unknown loss: exit code $status, not 2"; failures=$((failures + 1)); }
output=$("$tammes" bench head --classes 1 2>&1)
status=$?
expect "one class" "classes" "$output"
[ $status -eq 2 ] || { echo "one class: exit code $status, not 2"; failures=$((failures + 1)); }
exit $((failures > 0))
