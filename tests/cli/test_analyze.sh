# tammes analyze as a person and as a script would call it.
set -u
tammes=$1
. "$TAMMES_SOURCE/tests/cli/helpers.sh"

out=$scratch/losses
expect_exit 0 "dz/dcos = s sin(theta + m) / sin(theta): within" "$tammes" analyze loss -o "$out"
for file in losses.html losses.csv target-logit.svg slope.svg gradient.svg gradient-angle.svg probability-1000.svg \
    probability-s-10.svg boundary-1-softmax.svg boundary-4-arcface.svg angular-margin.svg margin-length.svg \
    beyond-pi-4-arcface.svg; do
    [ -s "$out/$file" ] || fail "no $file"
done
grep -q '^"arcface",boundary-4-arcface,0,28.64' "$out/losses.csv" || fail "the table lacks ArcFace's boundary"
grep -q 'Drawn for C = 1000 classes' "$out/losses.html" || fail "the page does not say what it was drawn for"
grep -q '<h2>Facts, checked</h2>' "$out/losses.html" || fail "the page has no facts"
grep -qE '(src|href)="?http' "$out/losses.html" && fail "the page fetches something"

# A list whose specifications have commas; files of an earlier call are replaced, others stay.
echo mine >"$out/notes.txt"
json=$("$tammes" analyze loss --losses arcface:s=16,m=0.3,cosface:m=0.2,p2sgrad --classes 50 --norm 12 -o "$out" --json)
for part in '"loss":"arcface:s=16,m=0.3","scale":16' '"loss":"cosface:m=0.2","scale":64' \
    '"loss":"p2sgrad","scale":1.0,"margin_share":null' '"fact":"|dL/dcos| = 1 - cos(theta)","largest_difference":' \
    '"margin_at_45_degrees":17.188'; do
    grep -q -F -- "$part" <<<"$json" || fail "--json lacks $part: $json"
done
[ "$(cat "$out/notes.txt")" = mine ] || fail "a file of the user's was touched"
grep -q 'Drawn for C = 50 classes' "$out/losses.html" || fail "the page was not replaced"
grep -q '^"arcface:s=16,m=0.3",target-logit,180,' "$out/losses.csv" || fail "the table was not replaced"

expect_exit 0 '"loss":"subcenter-arcface","scale":64' "$tammes" analyze loss --losses all -o "$out" --json
expect_exit 0 "usage: tammes analyze loss -o DIR" "$tammes" analyze loss --help

expect_exit 2 "did you mean 'arcface'" "$tammes" analyze loss --losses arcfce -o "$scratch/no"
expect_exit 2 "m=7 is outside its range" "$tammes" analyze loss --losses cosface,arcface:m=7 -o "$scratch/no"
expect_exit 2 "triplet is a loss on pairs" "$tammes" analyze loss --losses cosface,triplet -o "$scratch/no"
expect_exit 2 "unknown loss ''" "$tammes" analyze loss --losses cosface,,arcface -o "$scratch/no"
expect_exit 2 "at most 32" "$tammes" analyze loss -o "$scratch/no" \
    --losses "$(printf 'arcface,%.0s' {1..32})cosface"
expect_exit 2 "outside its range" "$tammes" analyze loss --classes 1 -o "$scratch/no"
expect_exit 2 "outside its range" "$tammes" analyze loss --norm 0 -o "$scratch/no"
expect_exit 2 "\-\-out DIR is missing" "$tammes" analyze loss
expect_exit 2 "unexpected argument 'arcface'" "$tammes" analyze loss arcface -o "$scratch/no"
expect_exit 2 "unknown verb 'analyze run'.*analyze loss" "$tammes" analyze run somewhere
expect_exit 2 "analyze loss" "$tammes" analyze
[ ! -e "$scratch/no" ] || fail "a refused call made its folder"
expect_exit 4 "$scratch/file" bash -c "echo >$scratch/file; exec '$tammes' analyze loss -o $scratch/file/below"
finish
