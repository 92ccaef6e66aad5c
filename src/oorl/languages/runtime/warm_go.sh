# Runs once per machine: Go's own compiler and linker as one program that forks (warm_go.go), built from
# the sources that come with Go. A few lines of theirs are changed on the way. With another Go than those
# it was tried with, or where a line is not as expected, it fails, and each program starts compiler and
# linker anew.
set -e
here=/prepared/go-warm go=$1
export GOCACHE=/tmp/cache GOPATH=/tmp/path GO111MODULE=off CGO_ENABLED=1 GOTOOLCHAIN=local GOFLAGS=
export GOMAXPROCS=4 # else as many threads as cores, and the cell has a limit
src=$("$go" env GOROOT)/src
case $("$go" env GOVERSION) in
go1.19 | go1.19.* | go1.22.* | go1.24.*) ;;
*) echo "not tried with $("$go" env GOVERSION)" >&2; exit 1 ;;
esac
mkdir -p /tmp/changed "$GOPATH/src/oorl_warm"
cp "$here"/warm.c "$GOPATH/src/oorl_warm/warm.inc"
cp "$here"/warm_go_serve.* "$GOPATH/src/oorl_warm"
arch=$("$go" env GOARCH)
sed "s/@ARCH@/$arch/" "$here"/warm_go.go >/tmp/main.go
separator=
printf '{"Replace": {' >/tmp/overlay.json

overlay() { # FILE OURS: this file of ours in place of that of Go's
    printf '%s\n"%s": "%s"' "$separator" "$src/$1" "$2" >>/tmp/overlay.json
    separator=,
}

change() { # FILE SCRIPT PATTERN...: a file of Go's, changed so that it has what each pattern finds
    file=$1 changed=/tmp/changed/$(echo "$1" | tr / _)
    sed "$2" "$src/$file" >"$changed"
    shift 2
    for pattern; do
        grep -q "$pattern" "$changed" || { echo "$src/$file is not as expected" >&2; exit 1; }
    done
    overlay "$file" "$changed"
}

# Nothing may take the goroutine's turn away while it waits for programs: a fork has no other thread
# that could give it back.
change runtime/proc.go '
s/^\tif GOARCH != "wasm" { .*no sysmon.*/\tif oorlSysmon {/
s/^\tif haveSysmon {/\tif oorlSysmon {/
$a\
const oorlSysmon = false' '^.if oorlSysmon'
change cmd/compile/internal/gc/main.go '
s/LoadPackage(flag.Args())/LoadPackage(OorlFiles(flag.Args()))/' OorlFiles
change cmd/link/internal/ld/lib.go '
/^func (ctxt \*Link) loadlib/,/^}/s/^\ti := 0$/\ti := oorlPreload(ctxt)/' oorlPreload
# LoadSyms is called twice, first for what is preloaded: the symbols it defines, and of those it refers
# to the ones that are defined.
change cmd/link/internal/loader/loader.go '
/^func (st \*loadState) addSym/,/^}/s/^\tcase pkgDef:/\tcase oorlUnique:/
/^func (l \*Loader) LoadSyms/,/^}/{
    s/range l.objs\[goObjStart:\]/range l.objs[oorlFrom:]/
    s/^\tl.objSyms = make.*/\tif oorlFrom == goObjStart {\n&\n\t}/
    /hashedSyms: *make/{
        n
        s/$/\n\tst = oorlKept(st)/
    }
    s/range l.sizeFixups {/range oorlLater(l.sizeFixups) {/
    s/range st.linknameVarRefs {/range oorlLater(st.linknameVarRefs) {/
    s/^\tl.nhashedsyms = .*/&\n\tif !OorlFirst {\n\t\toorlFrom = goObjStart\n\t}/
    s/^\tl.values = .*/\tif OorlFirst {\n\t\toorlKeep(l, \&st)\n\t\treturn\n\t}\n&/
}
/^func loadObjRefs/,/^}/{
    s/l.LookupOrCreateSym(name, v)/l.oorlRef(r.syms[ndef+i], name, v)/
    s/^\t\t\(r.syms\[ndef+i\]\|gi\) :*= l.oorlRef.*/&\n\t\tif \1 == 0 {\n\t\t\tcontinue\n\t\t}/
}' 'case oorlUnique:' 'range l.objs.oorlFrom:' 'oorlFrom == goObjStart' 'st = oorlKept' '!OorlFirst' \
    'oorlKeep(l, &st)' 'oorlRef(' '.if \(r.syms.*\|gi\) == 0 {'
overlay cmd/compile/internal/gc/oorl.go "$here/warm_go_gc.go"
overlay cmd/link/internal/ld/oorl.go "$here/warm_go_ld.go"
overlay cmd/link/internal/loader/oorl.go "$here/warm_go_loader.go"
printf '}}\n' >>/tmp/overlay.json

"$go" list -overlay /tmp/overlay.json -deps -export \
    -f '{{if .Export}}packagefile {{.ImportPath}}={{.Export}}{{end}}' oorl_warm \
    cmd/compile/internal/gc "cmd/compile/internal/$arch" cmd/link/internal/ld "cmd/link/internal/$arch" \
    >/tmp/importcfg
# By hand: only so may one program import the internals of both.
"$go" tool compile -p main -importcfg /tmp/importcfg -o /tmp/main.o /tmp/main.go
"$go" tool link -s -w -importcfg /tmp/importcfg -o /tmp/artifact /tmp/main.o
