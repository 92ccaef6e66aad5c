package loader

// OorlFirst says that LoadSyms is to do what can be done before the main package is there.
var OorlFirst bool

var (
	oorlFrom = goObjStart // the first object whose symbols are not loaded
	// The kind of symbols that no earlier symbol can have the name of. None in the second call: what the
	// runtime has declared (main..inittask) a package then defines.
	oorlUnique = pkgDef
	oorlState  *loadState
)

// oorlKeep ends the first call.
func oorlKeep(l *Loader, state *loadState) {
	oorlFrom, oorlUnique, oorlState = len(l.objs), -1, state
}

// oorlKept returns the state that the first call left, or this one.
func oorlKept(state loadState) loadState {
	if oorlState != nil {
		return *oorlState
	}
	return state
}

// oorlLater leaves all to the second call.
func oorlLater[T any](all []T) []T {
	if OorlFirst {
		return nil
	}
	return all
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
