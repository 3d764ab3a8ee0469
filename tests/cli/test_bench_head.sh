# tammes bench head as a person and as a script would call it.
set -u
tammes=$1
. "$(dirname "$0")/helpers.sh"

expect() { # WHAT, EXPECTED PATTERN, GOT
    grep -q -- "$2" <<<"$3" || fail "$1: expected '$2' in: $3"
}

holds() { # WHAT, an expression in the keys of a line of JSON, the line
    python3 -c 'import json, sys; r = json.loads(sys.argv[2]); sys.exit(not eval(sys.argv[1], {"__builtins__": {"abs": abs}}, r))' \
        "$2" "$3" || fail "$1: '$2' does not hold in: $3"
}

small="--classes 333 --dim 17 --batch 9 --seconds 0.02 --threads 1"
for loss in softmax+center arcface:s=16,m=0.3 p2sgrad; do
    json=$("$tammes" bench head $small --loss $loss --json)
    for key in case ms_median ms_min ms_max gflops limit_ms ratio_to_limit peak_rss_mb threads dtype error workspace_mb; do
        expect "$loss" "\"$key\":" "$json"
    done
    expect "$loss" "\"loss\":\"$loss\"" "$json"
    expect "$loss" '"classes":333' "$json"
done
table=$("$tammes" bench head $small)
expect "table" "^correct to .*textbook" "$table"
expect "table" "^ratio " "$table"
expect "table" "^correct to .*reference" "$("$tammes" bench head $small --loss softmax)"

# Every dtype is held against the textbook, and the limit is the sum of the products' and the bytes' time.
for dtype in f32:20 bf16:20 bf16-lean:10; do
    json=$("$tammes" bench head $small --dtype ${dtype%:*} --json)
    holds "$dtype" "dtype == '${dtype%:*}' and checked_against == 'textbook' and error < tolerance < 0.03" "$json"
    holds "$dtype" "abs(flop_ms - 6e-6 * 9 * 333 * 17 / product_gflops) < 1e-6 * flop_ms" "$json"
    holds "$dtype" "abs(byte_ms - ${dtype#*:}e-6 * 333 * 17 / memory_gbs) < 1e-6 * byte_ms" "$json"
    holds "$dtype" "abs(limit_ms - flop_ms - byte_ms) < 1e-6 * limit_ms" "$json"
    holds "$dtype" "abs(ratio_to_limit - ms_median / limit_ms) < 1e-6 * ratio_to_limit" "$json"
    holds "$dtype" "classes_taking_part == 333 and ms_min <= ms_median <= ms_max and steps >= 3" "$json"
done
holds "memory" "workspace_mb <= beside_weights_mb < workspace_mb + 1" "$json"
holds "w and momentum in two bytes a number" "abs(weights_mb - 4e-6 * 333 * 17) < 1e-9" "$json"

# A tenth of the classes: the limit is of those, and the textbook knows which they are.
json=$("$tammes" bench head --classes 3000 --dim 17 --batch 9 --seconds 0.02 --threads 1 --sample-rate 0.1 --json)
holds "sampled" "classes_taking_part == 300 and checked_against == 'textbook' and error < tolerance" "$json"
holds "sampled" "abs(byte_ms - 20e-6 * 300 * 17 / memory_gbs) < 1e-6 * byte_ms" "$json"
# Where tiles are left out the textbook allows what the filter's bound allows, and no more.
json=$("$tammes" bench head --classes 3000 --dim 17 --batch 2 --seconds 0.02 --threads 1 --gradient-filter 2 --json)
holds "filtered" "gradient_filter == 2 and tiles_left_out > 0 and filter_bound >= 0 and error < tolerance" "$json"
least=$("$tammes" bench head $small --head-workspace 0 --json)
holds "least workspace" "workspace_mb < $("$tammes" bench head $small --json | sed 's/.*"workspace_mb":\([0-9.]*\).*/\1/')" "$least"
expect_exit 2 "the least is" "$tammes" bench head $small --head-workspace 10
expect_exit 2 "--head-workspace 'much' is neither auto" "$tammes" bench head $small --head-workspace much
expect_exit 2 "--dtype 'f16' is none of f32|bf16|bf16-lean" "$tammes" bench head $small --dtype f16
expect_exit 2 "--sample-rate '0' is outside its range" "$tammes" bench head $small --sample-rate 0
expect_exit 2 "--sample-rate '1.5' is outside its range" "$tammes" bench head $small --sample-rate 1.5
expect_exit 2 "--gradient-filter '61' is outside its range" "$tammes" bench head $small --gradient-filter 61
expect_exit 2 "gradient_filter\\|gradient filter" "$tammes" bench head $small --gradient-filter 5 --loss p2sgrad
expect_exit 4 "cannot allocate\\|needs" "$tammes" bench head --classes 100000000 --dim 65536

# Losses beside each other: commas also separate keys; CosFace is the yardstick and is there whether named or not.
sizes="--classes 333 --dim 17 --batch 9 --threads 1 --quiet"
json=$("$tammes" bench head $sizes --losses arcface:s=16,m=0.3,softmax+center,p2sgrad --rounds 2 --json)
expect "losses" '"losses":\[{"loss":"cosface",.*{"loss":"arcface:s=16,m=0.3",.*{"loss":"softmax+center",.*{"loss":"p2sgrad",' "$json"
expect "losses" '"loss":"cosface","ms_median":[0-9.e-]*,"ms_min":[0-9.e-]*,"ms_max":[0-9.e-]*,"ratio_to_cosface":1.0,' "$json"
expect "losses" '"rounds":2' "$json"
table=$("$tammes" bench head $sizes --losses all --rounds 1)
expect "losses in bf16" '"dtype":"bf16-lean"' "$("$tammes" bench head $sizes --losses softmax --rounds 1 --dtype bf16-lean --json)"
[ "$(grep -c '^cosface ' <<<"$table")" -eq 1 ] || fail "cosface is not there once: $table"
for loss in softmax normface sphereface arcface p2sgrad; do
    expect "all losses" "^$loss  *[0-9]" "$table"
done
expect_exit 2 "unknown key of arcface 'k'" "$tammes" bench head $sizes --losses softmax,arcface:m=0.3,k=2
expect_exit 2 "unknown loss ''" "$tammes" bench head $sizes --losses softmax,,
expect_exit 2 "give one of the two" "$tammes" bench head $sizes --losses softmax --loss arcface

expect_exit 2 "did you mean 'arcface'" "$tammes" bench head $small --loss arcfce
expect_exit 2 "classes" "$tammes" bench head --classes 1
finish
