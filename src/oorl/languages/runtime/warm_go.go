// Go's compiler and linker in one process, as a warm parent. The compiler has come as far as its first
// source file, the linker has loaded the packages that most programs need. Each program's process goes
// on in two: the compiler, and when that has succeeded the linker.
//
// Arguments: the compiler's, "--", the packages, "--", the linker's. The sources are /job/*.go.
package main

import (
	compiler "cmd/compile/internal/@ARCH@"
	"cmd/compile/internal/gc"
	linker "cmd/link/internal/@ARCH@"
	"cmd/link/internal/ld"
	"flag"
	"oorl_warm"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
)

// until returns the arguments before the next "--", and those after it.
func until(args []string) ([]string, []string) {
	for i, arg := range args {
		if arg == "--" {
			return args[:i], args[i+1:]
		}
	}
	return args, nil
}

// Both parse os.Args by flag.CommandLine, where the linker's flags are from the start.
func main() {
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(200 << 20)
	compile, rest := until(os.Args)
	packages, rest := until(rest)
	compileFlags, linkFlags := flag.NewFlagSet("compile", flag.ExitOnError), flag.CommandLine
	gc.OorlFiles = func([]string) []string {
		compiling := make(chan bool)
		ld.OorlPackages = packages
		ld.OorlServe = func() {
			if oorl_warm.Serve() {
				compiling <- true
				select {}
			}
		}
		flag.CommandLine, os.Args = linkFlags, append([]string{"link"}, rest...)
		go ld.Main(linker.Init())
		<-compiling
		flag.CommandLine = compileFlags
		files, _ := filepath.Glob("/job/*.go")
		return files
	}
	flag.CommandLine, os.Args = compileFlags, compile
	gc.Main(compiler.Init)
	os.Exit(0)
}
