#!/usr/bin/env bash
# tammes eval --protocol ijb: the figures of tests/oracle/ijb_oracle.py from embeddings, and images found by their names.
set -u
tammes=$1
source "$(dirname "$0")/helpers.sh"
golden=$(cd "$(dirname "$0")/../golden/ijb" && pwd)
cd "$scratch" || exit 1
run="$tammes eval --protocol ijb --ijb $golden --data $golden/faces.npy"

# The shares of expected.txt as they are printed.
share() {
    awk -v variant="$1" -v what="$2" -v column="$3" '$1 == variant && $2 == what {printf "%.2f%%", 100 * $(column + 2)}' \
        "$golden/expected.txt"
}
for variant in N1D1F1 N0D1F1 N1D0F1 N0D0F1 N1D1F0 N0D0F0; do
    $run --variant "$variant" >out || fail "$variant: exit $?"
    grep -qE "^ +1e-01 +$(share $variant 1:1 3) +$(share $variant 1:1 9) " out || fail "$variant: TAR at FAR 0.1: $(cat out)"
    grep -qE "^ +1e-02 +$(share $variant 1:1 4) +$(share $variant 1:1 12) " out || fail "$variant: TAR at FAR 0.01"
    for gallery in G1 G2 G1+G2; do
        grep -qE "^$variant +${gallery/+/[+]} .* $(share $variant $gallery 4) +$(share $variant $gallery 5) +$(share $variant $gallery 6) " out ||
            fail "$variant: ranks in $gallery: $(cat out)"
    done
done
expect_exit 0 'insufficient data: fewer than 3000 pairs of two people' $run --variant N1D1F1
expect_exit 0 '^N0D0F0 ' $run --halves
[ "$($run --halves | grep -c '^N[01]D[01]F[01] *[0-9]')" -eq 16 ] || fail "eight variants in two tables"
for variant in N1D1F1 N0D0F0; do
    rows=$($run --halves | grep "^$variant  *[0-9]")
    grep -qE "^$variant +$(share $variant 1:1 3) +$(share $variant 1:1 4) " <<<"$(head -n 1 <<<"$rows")" || fail "published: $rows"
    grep -qE "^$variant +$(share $variant 1:1 9) +$(share $variant 1:1 12) " <<<"$(tail -n 1 <<<"$rows")" || fail "exactly: $rows"
done
[ "$($run | grep -c '^N[01]D[01] *[0-9]')" -eq 8 ] || fail "without halves nobody knows F"
expect_exit 0 '"variant":"N1D1F1","pairs":1420,"genuine":67,"impostor":1353' $run --halves --json
expect_exit 0 '"published_tar":0.9402985' $run --variant N1D1F1 --json
expect_exit 0 '"gallery":"G1","gallery_rows":15,"mated":22,"nonmated":23,"rank":{"1":0.727272' $run --variant N1D1F1 --json
expect_exit 0 '"tpir":0.454545454545' $run --variant N1D1F1 --json
expect_exit 2 'none of N0D0F0' $run --variant N2D1F1
expect_exit 2 'none of N0D0F0' $run --variant N1D1F1x
expect_exit 2 'needs --ijb' "$tammes" eval --protocol ijb --data "$golden/faces.npy"
for threads in 1 3; do
    $run --halves --threads $threads --json >json$threads
done
same_files json1 json3

# Lists that are not all there, damaged or contradictory.
cp -r "$golden" lists && rm lists/ijbc_name_5pts_score.txt lists/ijbc_1N_*
run="$tammes eval --protocol ijb --ijb lists --data $golden/faces.npy"
expect_exit 3 "detector's scores, which N1D1F1 needs" $run --variant N1D1F1
[ "$($run --halves | grep -c '^N[01]D0F[01]')" -eq 8 ] || fail "four variants in two tables without scores"
head -c 3000 "$golden/ijbc_face_tid_mid.txt" >lists/ijbc_face_tid_mid.txt
expect_exit 3 'ijbc_' $run
head -n 259 "$golden/ijbc_face_tid_mid.txt" >lists/ijbc_face_tid_mid.txt
expect_exit 3 'has 260 rows, but lists lists 259 faces' $run
cp "$golden/ijbc_face_tid_mid.txt" lists/
grep ' 0$' "$golden/ijbc_template_pair_label.txt" >lists/ijbc_template_pair_label.txt
expect_exit 1 'insufficient data' $run
echo '1 2 1' >>lists/ijbc_template_pair_label.txt
expect_exit 3 '1 lines name templates without faces' $run
rm lists/ijbc_template_pair_label.txt
expect_exit 3 'nothing to measure' $run

# Images and a model: the mirror image's embedding is added unless told otherwise.
"$tammes" synth glyphs -o seen --ids 6 --per-id 4 --quiet || fail "synth"
"$tammes" synth glyphs -o made --ids 5 --per-id 3 --first 40 --quiet || fail "synth"
"$tammes" train --data seen --net conv4 --dim 2 --loss softmax --steps 4 --batch 8 --out run --quiet || fail "train"
mkdir -p faces/all meta
row=0
for folder in made/*; do
    person=$((++row))
    for i in 0 1 2; do
        cp "$folder/00$i.png" "faces/all/$person$i.png"
        echo "$person$i.jpg $((2 * person + i / 2)) 1" >>meta/ijbb_face_tid_mid.txt
    done
done
for a in 1 2 3 4 5; do
    for b in 1 2 3 4 5; do
        echo "$((2 * a)) $((2 * b + 1)) $((a == b))" >>meta/ijbb_template_pair_label.txt
    done
done
run="$tammes eval --model run --data faces --protocol ijb --ijb meta"
expect_exit 0 'templates  10 of 15 faces' $run
expect_exit 0 '^N1D0F1 ' $run
expect_exit 0 'variant    N0D0F0' $run --variant N0D0F0
expect_exit 0 '^N1D0F0 ' $run --flip no
expect_exit 2 'contradicts' $run --flip no --variant N0D0F1
expect_exit 2 'is for arrays' $run --halves
# From embeddings the same as from the images.
figures() {
    grep '^N[01]D' | sed -E 's/F[01]//' | tr -s ' '
}
for flip in no yes; do
    [ $flip = yes ] && options=--flip || options=
    "$tammes" embed --model run faces $options -o $flip.npy --quiet >/dev/null || fail "embed"
    $run --flip $flip | figures >images.txt
    "$tammes" eval --data $flip.npy --protocol ijb --ijb meta | figures >rows.txt
    same_files images.txt rows.txt
    [ "$(wc -l <rows.txt)" -eq 4 ] || fail "two variants in two tables: $(cat rows.txt)"
done
rm faces/all/10.png faces/all/11.png faces/all/22.png
expect_exit 3 "lacks the images of 3 of 15 faces: '10.jpg', '11.jpg', '22.jpg'" $run
expect_exit 0 'images of 3 faces are missing: left out with 2 templates, 9 pairs' $run --skip-missing
expect_exit 0 '"faces_left_out":3,"templates":8,"templates_left_out":2,"pairs_left_out":9' $run --skip-missing --json
rm -r faces/all && mkdir faces/all && cp made/id000040/000.png faces/all/x.png
expect_exit 3 'lacks the images of 15 of 15 faces' $run --skip-missing
finish
