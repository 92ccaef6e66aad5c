# Runs once per machine: export data and objects of the standard library, and the driver's package.
# Where Go ships compiled archives they are used in place; later releases compile them here.
set -e
here=/prepared/go
export GOCACHE=/tmp/cache GOPATH=/tmp/path GO111MODULE=off CGO_ENABLED=0 GOTOOLCHAIN=local
mkdir -p /tmp/out
go list -e -deps -export -f '{{if .Export}}{{.ImportPath}} {{.Export}}{{end}}' \
    bufio bytes cmp container/heap container/list container/ring context crypto/md5 crypto/sha1 \
    crypto/sha256 encoding/base64 encoding/binary encoding/hex encoding/json errors fmt hash/fnv io \
    iter maps math math/big math/bits math/cmplx math/rand net os os/exec os/signal reflect regexp \
    runtime runtime/debug slices sort strconv strings sync sync/atomic syscall text/tabwriter time \
    unicode unicode/utf16 unicode/utf8 unsafe 2>/dev/null |
while read -r package file; do
    case $file in
        /tmp/*)
            name=$(echo "$package" | tr / _).a
            mv "$file" "/tmp/out/$name"
            echo "packagefile $package=$here/$name" ;;
        *) echo "packagefile $package=$file" ;;
    esac
done >/tmp/out/importcfg
sed "s|=$here/|=/tmp/out/|" /tmp/out/importcfg >/tmp/importcfg
"$1/compile" -p oorl_driver -complete -importcfg /tmp/importcfg -o /tmp/out/oorl_driver.a "$here/oorl.go"
echo "packagefile oorl_driver=$here/oorl_driver.a" >>/tmp/out/importcfg
tar -cf /tmp/artifact -C /tmp/out .
