# tammes doctor as a person and as a script would call it.
set -u
tammes=$1
. "$TAMMES_SOURCE/tests/cli/helpers.sh"

# value JSON PYTHON: the value of an expression in `d`.
value() {
    python3 -c 'import json, sys; d = json.loads(sys.argv[1]); print(eval(sys.argv[2]))' "$1" "$2" 2>/dev/null
}

expect_value() { # WHAT JSON PYTHON EXPECTED
    local got
    got=$(value "$2" "$3")
    [ "$got" = "$4" ] || fail "$1: $3 is $got, not $4"
}

# The machine alone.
text=$("$tammes" doctor --threads 1)
for line in "processor .*thread" "head's kernels  f32 .*, bf16 " "memory  *" "disk  *" "products  *f32 "; do
    grep -q "^$line" <<<"$text" || fail "doctor does not say '$line': $text"
done
json=$("$tammes" doctor --threads 1 --json)
keys="disk_free_mb huge_pages kernels memory_free_mb memory_gbs memory_limit_mb memory_mb processor processors"
keys="$keys product_bf16_gflops product_gflops threads"
expect_value machine "$json" '" ".join(sorted(d["machine"]))' "$keys"
expect_value machine "$json" 'd["machine"]["threads"]' 1
expect_value machine "$json" 'd["machine"]["product_gflops"] > 0 and d["machine"]["memory_gbs"] > 0' True
expect_value machine "$json" '"head" in d or "data" in d or "net" in d' False

# A head: each dtype, with two workspaces, full and sampled.
small="--threads 1 --classes 3000 --dim 16 --batch 8"
expect_exit 0 "^recommended  *tammes train --loss arcface --dim 16 --batch 8 --head-dtype " "$tammes" doctor $small
json=$("$tammes" doctor $small --sample-rate 0.2 --json)
expect_value head "$json" 'len(d["head"]["options"])' 12
expect_value head "$json" '[o["dtype"] for o in d["head"]["options"]][::2]' \
    "['f32', 'bf16', 'bf16-lean', 'f32', 'bf16', 'bf16-lean']"
expect_value head "$json" '[o["sample_rate"] for o in d["head"]["options"]] == 6 * [1] + 6 * [0.2]' True
expect_value head "$json" '[o["workspace"] for o in d["head"]["options"]] == 6 * ["default", "least"]' True
expect_value head "$json" 'all(o["fits"] and o["step_ms"] > 0 for o in d["head"]["options"])' True
expect_value "the rows of f32" "$json" 'd["head"]["options"][0]["weights_mb"]' 0.384
expect_value "the rows of bf16-lean" "$json" 'd["head"]["options"][4]["weights_mb"]' 0.192
expect_value head "$json" 'd["head"]["recommended"].startswith("--loss arcface --dim 16 --batch 8 ")' True

# What cannot fit is a negative result that says what would.
json=$("$tammes" doctor --threads 1 --classes 2000000000 --dim 512 --json 2>"$scratch/sentence")
[ $? -eq 1 ] || fail "what cannot fit is not exit code 1"
grep -q "bf16-lean at most this many classes: [0-9]" "$scratch/sentence" || fail "what would fit is not said"
expect_value huge "$json" 'd["head"]["recommended"]' None
expect_value huge "$json" 'any(o["fits"] for o in d["head"]["options"])' False
expect_value huge "$json" '{o["step_ms"] for o in d["head"]["options"]}' "{None}"

# Data and a net.
"$tammes" synth glyphs -o "$scratch/glyphs" --ids 6 --per-id 5 --size 28 --quiet >/dev/null || fail "no glyphs"
json=$("$tammes" doctor --threads 1 --data "$scratch/glyphs" --net conv4 --dim 16 --batch 8 --json)
expect_value data "$json" '[d["data"][k] for k in ("images", "classes", "channels", "height", "width")]' \
    "[30, 6, 1, 28, 28]"
expect_value data "$json" 'd["data"]["unreadable"], d["data"]["decoded_per_second"] > 0' "(0, True)"
expect_value data "$json" 'd["head"]["classes"]' 6
expect_value net "$json" 'd["net"]["images_per_second"] > 0 and d["epoch_seconds"] > 0' True
: >"$scratch/glyphs/id000002/003.png"
expect_exit 0 "1 cannot be read" "$tammes" doctor --threads 1 --data "$scratch/glyphs" --size 28 --channels 1 \
    --dim 16 --batch 8
expect_exit 0 "^net  *conv4, 3 x 28 x 28, batch 4: " "$tammes" doctor --threads 1 --net conv4 --size 28 --batch 4 --dim 8

# Bad values.
expect_exit 2 "give --size" "$tammes" doctor --net conv4
expect_exit 2 "give --data or --classes" "$tammes" doctor --data "$scratch/glyphs" --classes 5
expect_exit 2 "outside its range" "$tammes" doctor --classes 1
expect_exit 2 "outside its range" "$tammes" doctor --classes 5 --sample-rate 0
expect_exit 2 "did you mean 'arcface'" "$tammes" doctor --classes 5 --loss arcfce
expect_exit 2 "did you mean 'conv4'" "$tammes" doctor --net conv5 --size 28
expect_exit 2 "did you mean '--classes'" "$tammes" doctor --clases 5
expect_exit 3 "$scratch/nowhere" "$tammes" doctor --data "$scratch/nowhere"
finish
