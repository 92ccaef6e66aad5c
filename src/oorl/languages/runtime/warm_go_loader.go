package loader

// OorlFirst says that LoadSyms is to do what can be done before the main package is there.
var OorlFirst bool

var (
	oorlFrom   = goObjStart // the first object whose symbols are not loaded
	oorlUnique = pkgDef     // the kind of symbols that no earlier symbol can have the name of
	oorlState  *loadState
)

// oorlKeep returns the state of the first call. On the second one a package's own symbol may be one that
// an earlier package has declared (the runtime main..inittask): then it takes its place.
func oorlKeep(state loadState) loadState {
	if oorlState == nil {
		oorlState = &state
	} else {
		oorlUnique = -1
	}
	return *oorlState
}

// oorlRef returns the symbol of a reference by name, or 0 if it cannot be known yet.
func (l *Loader) oorlRef(known Sym, name string, version int) Sym {
	if known != 0 {
		return known
	}
	if OorlFirst {
		return l.Lookup(name, version)
	}
	return l.LookupOrCreateSym(name, version)
}
