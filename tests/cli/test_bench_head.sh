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

# Losses beside each other: commas also separate keys; CosFace is the yardstick and is there whether named or not.
sizes="--classes 333 --dim 17 --batch 9 --threads 1 --quiet"
json=$("$tammes" bench head $sizes --losses arcface:s=16,m=0.3,softmax+center,p2sgrad --rounds 2 --json)
expect "losses" '"losses":\[{"loss":"cosface",.*{"loss":"arcface:s=16,m=0.3",.*{"loss":"softmax+center",.*{"loss":"p2sgrad",' "$json"
expect "losses" '"loss":"cosface","ms_median":[0-9.e-]*,"ms_min":[0-9.e-]*,"ms_max":[0-9.e-]*,"ratio_to_cosface":1.0,' "$json"
expect "losses" '"rounds":2' "$json"
table=$("$tammes" bench head $sizes --losses all --rounds 1)
[ "$(grep -c '^cosface ' <<<"$table")" -eq 1 ] || { echo "cosface is not there once: $table"; failures=$((failures + 1)); }
for loss in softmax normface sphereface arcface p2sgrad; do
    expect "all losses" "^$loss  *[0-9]" "$table"
done
output=$("$tammes" bench head $sizes --losses softmax,arcface:m=0.3,k=2 2>&1)
status=$?
expect "a key that is none" "unknown key of arcface 'k'" "$output"
[ $status -eq 2 ] || { echo "a key that is none: exit code $status, not 2"; failures=$((failures + 1)); }
output=$("$tammes" bench head $sizes --losses softmax,, 2>&1)
expect "an empty item" "unknown loss ''" "$output"
output=$("$tammes" bench head $sizes --losses softmax --loss arcface 2>&1)
status=$?
expect "both flags" "give one of the two" "$output"
[ $status -eq 2 ] || { echo "both flags: exit code $status, not 2"; failures=$((failures + 1)); }

output=$("$tammes" bench head $small --loss arcfce 2>&1)
status=$?
expect "unknown loss" "did you mean 'arcface'" "$output"
[ $status -eq 2 ] || { echo "unknown loss: exit code $status, not 2"; failures=$((failures + 1)); }
output=$("$tammes" bench head --classes 1 2>&1)
status=$?
expect "one class" "classes" "$output"
[ $status -eq 2 ] || { echo "one class: exit code $status, not 2"; failures=$((failures + 1)); }
exit $((failures > 0))
