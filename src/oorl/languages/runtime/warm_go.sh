# Runs once per machine: Go's own compiler and linker as one program that forks (warm_go.go), built from
# the sources that come with Go. A few lines of theirs are changed on the way; where one of them is not
# as expected this fails, and each program starts compiler and linker anew.
set -e
here=/prepared/go-warm go=$1
export GOCACHE=/tmp/cache GOPATH=/tmp/path GO111MODULE=off CGO_ENABLED=1 GOTOOLCHAIN=local GOFLAGS=
export GOMAXPROCS=4 # else as many threads as cores, and the cell has a limit
src=$("$go" env GOROOT)/src
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

change() { # FILE SCRIPT: a file of Go's, with at least one line of it changed
    changed=/tmp/changed/$(echo "$1" | tr / _)
    sed "$2" "$src/$1" >"$changed"
    if cmp -s "$src/$1" "$changed"; then
        echo "$src/$1 is not as expected" >&2
        exit 1
    fi
    overlay "$1" "$changed"
}

# Nothing may take the goroutine's turn away while it waits for programs: a fork has no other thread
# that could give it back.
change runtime/proc.go '
s/^\tif GOARCH != "wasm" { .*no sysmon.*/\tif false {/
s/^const haveSysmon = .*/const haveSysmon = false/'
change cmd/compile/internal/gc/main.go 's/LoadPackage(flag.Args())/LoadPackage(OorlFiles(flag.Args()))/'
change cmd/link/internal/ld/lib.go '/^func (ctxt \*Link) loadlib/,/^}/s/^\ti := 0$/\ti := oorlPreload(ctxt)/'
# LoadSyms is called twice, first for what is preloaded: the symbols it defines, and of those it refers
# to the ones that are defined.
change cmd/link/internal/loader/loader.go '
/^func (st \*loadState) addSym/,/^}/s/^\tcase pkgDef:/\tcase oorlUnique:/
/^func (l \*Loader) LoadSyms/,/^}/{
    s/range l.objs\[goObjStart:\]/range l.objs[oorlFrom:]/
    s/^\tl.objSyms = make.*/\tif oorlFrom == goObjStart {\n&\n\t}/
    /hashedSyms: *make/{
        n
        s/$/\n\tst = oorlKeep(st)/
    }
    s/^\tl.nhashedsyms = .*/&\n\tif !OorlFirst {\n\t\toorlFrom = goObjStart\n\t}/
    s/^\tl.values = .*/\tif OorlFirst {\n\t\toorlFrom = len(l.objs)\n\t\treturn\n\t}\n&/
}
s/^\t\tr.syms\[ndef+i\] = l.LookupOrCreateSym(name, v)/\t\tr.syms[ndef+i] = l.oorlRef(r.syms[ndef+i], name, v)\
\t\tif r.syms[ndef+i] == 0 {\
\t\t\tcontinue\
\t\t}/'
[ "$(grep -ci oorl /tmp/changed/cmd_link_internal_loader_loader.go)" = 12 ] || {
    echo "$src/cmd/link/internal/loader/loader.go is not as expected" >&2
    exit 1
}
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
