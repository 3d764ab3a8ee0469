# docs/adding-a-loss.md, followed literally in a copy of the sources: files, lists, build, tests, training.
set -u
tammes=$1
. "$(dirname "$0")/helpers.sh"

command -v cmake >/dev/null && command -v ninja >/dev/null && command -v python3 >/dev/null || exit 77
mkdir "$scratch/tree"
for part in CMakeLists.txt cmake cli docs examples fuzz include src tests; do
    cp -r "$TAMMES_SOURCE/$part" "$scratch/tree/" || fail "there is no $part"
done
expect_exit 2 "unknown loss 'toy'" "$tammes" loss toy

# Unoptimised code is compiled in a third of the time, and these are tiny runs.
export CFLAGS=-O1 CMAKE_BUILD_TYPE=None
python3 "$(dirname "$0")/follow_recipe.py" "$TAMMES_SOURCE/docs/adding-a-loss.md" "$scratch/tree" || fail "the recipe"

built=$scratch/tree/build/tammes
expect_exit 0 "^  toy  *s (c_y - m sin(theta_y)^2)$" "$built" loss
expect_exit 0 "^  toy-ring  " "$built" loss
expect_exit 0 "margin-warmup=0 " "$built" loss toy
expect_exit 2 "toy: m=0.6 is outside its range \[0, 0.5\]" "$built" bench head --loss toy:m=0.6
expect_exit 0 '"loss":"toy:s=16"' "$built" bench head --losses toy:s=16 --rounds 1 --classes 30 --batch 8 --dim 8 --json
[ -s "$scratch/tree/build/toy-curves/losses.html" ] || fail "no figures of the loss"
for run in toy near pace; do
    grep -q '"step":' "$scratch/tree/build/$run-run/log.jsonl" || fail "$run-run has no log"
done
finish
