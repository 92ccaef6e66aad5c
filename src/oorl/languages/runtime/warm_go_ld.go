package ld

import "cmd/link/internal/loader"

// OorlPackages are loaded before OorlServe is called, which returns when there is a main package.
var (
	OorlPackages []string
	OorlServe    func()
)

// oorlPreload returns how many of ctxt.Library are loaded. The main package is behind them.
func oorlPreload(ctxt *Link) int {
	main := ctxt.Library[0]
	ctxt.Library = nil
	delete(ctxt.LibraryByPkg, main.Pkg)
	for _, name := range append(OorlPackages, "runtime") {
		loadinternal(ctxt, name)
	}
	count := 0
	for ; count < len(ctxt.Library); count++ {
		loadobjfile(ctxt, ctxt.Library[count])
	}
	loader.OorlFirst = true
	ctxt.loader.LoadSyms(ctxt.Arch)
	loader.OorlFirst = false
	OorlServe()
	// What was opened before is no longer this process's.
	ctxt.Out.f = nil
	if err := ctxt.Out.Open(*flagOutfile); err != nil {
		Exitf("cannot create %s: %v", *flagOutfile, err)
	}
	ctxt.Library = append(ctxt.Library, main)
	ctxt.LibraryByPkg[main.Pkg] = main
	return count
}
