# tammes data inspect on the real data beside the project: each is said to be what it is.
tammes=$1
. "$(dirname "${BASH_SOURCE[0]}")/helpers.sh"

data=${TAMMES_DATA:-${TAMMES_SOURCE:-.}/../shared/data}
if [ ! -d "$data" ]; then
    echo "no real data: skipped"
    exit 77
fi
inspect=("$tammes" data inspect --json)
expect_exit 0 '"kind":"image folder".*"images":9525,"classes":4038,"class_sizes":"1 to 530 images"' \
    "${inspect[@]}" "$data/lfw-dev/images"
expect_exit 0 '"kind":"LFW pairs".*"pairs":2200,"same":1100,"folds":1' "${inspect[@]}" "$data/lfw-dev/pairsDevTrain.txt"
expect_exit 0 '"kind":"LFW people"' "${inspect[@]}" "$data/lfw-dev/peopleDevTrain.txt"
expect_exit 0 '"kind":"folder of IDX files".*"images":60000,"classes":10' "${inspect[@]}" "$data/mnist"
expect_exit 0 '"shape":"10000 x 28 x 28"' "${inspect[@]}" "$data/mnist/t10k-images-idx3-ubyte.gz"
expect_exit 0 '"classes":10,"labels":"0 to 9"' "${inspect[@]}" "$data/mnist/t10k-labels-idx1-ubyte.gz"
expect_exit 0 '"kind":"image folder".*"images":19280,"classes":964,"class_sizes":"20 to 20 images"' \
    "${inspect[@]}" "$data/omniglot-background"
expect_exit 0 '"records":8,"images":8,"ranges":0,"labels":"0 to 1","index":"train.idx"' \
    "${inspect[@]}" "$data/recordio-sample"
expect_exit 0 '"kind":"RecordIO"' "${inspect[@]}" "$data/recordio-sample/train.rec"
expect_exit 0 '"kind":"index of RecordIO data".*"records":8' "${inspect[@]}" "$data/recordio-sample/train.idx"
expect_exit 0 '"kind":"MXNet list (.lst)".*"images":8' "${inspect[@]}" "$data/recordio-sample/train.lst"

finish
