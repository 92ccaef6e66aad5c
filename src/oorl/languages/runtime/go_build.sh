# Runs once per machine: export data and objects of the standard library, and the driver's packages.
# Without debugging information, of which a shipped archive is half: the linker reads it each time.
set -e
here=/prepared/go
export GOCACHE=/tmp/cache GOPATH=/tmp/path GO111MODULE=off CGO_ENABLED=0 GOTOOLCHAIN=local
export GOMAXPROCS=4 # else as many threads as cores, and the cell has a limit
driver=$GOPATH/src/oorl_driver
mkdir -p /tmp/out "$driver" "$GOPATH/src/oorl_float"
cp "$here"/oorl.go "$here"/oorl_amd64.* "$here"/oorl_arm64.* "$driver"
cp "$here"/oorl_float.go "$GOPATH/src/oorl_float"
cd /tmp
"$1" list -e -deps -export -gcflags=all=-dwarf=false \
    -f '{{if .Export}}{{.ImportPath}} {{.Export}}{{end}}' oorl_driver oorl_float \
    bufio bytes cmp container/heap container/list container/ring context crypto/md5 crypto/sha1 \
    crypto/sha256 encoding/base64 encoding/binary encoding/hex encoding/json errors fmt hash/fnv io \
    iter maps math math/big math/bits math/cmplx math/rand net os os/exec os/signal reflect regexp \
    runtime runtime/debug slices sort strconv strings sync sync/atomic syscall text/tabwriter time \
    unicode unicode/utf16 unicode/utf8 unsafe 2>/tmp/errors |
while read -r package file; do
    name=$(echo "$package" | tr / _).a
    cp "$file" "/tmp/out/$name"
    echo "packagefile $package=$here/$name"
done >/tmp/out/importcfg
grep -q '^packagefile oorl_float=' /tmp/out/importcfg || { cat /tmp/errors >&2; exit 1; }
tar -cf /tmp/artifact -C /tmp/out .
