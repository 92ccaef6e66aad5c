// Package oorl_driver reads the inputs and writes the records. Compiled once per machine.
//
// It imports nothing: each package of the standard library, were it only fmt, costs the linker as
// much for every candidate as the compiler takes for the candidate.
package oorl_driver

import "unsafe"

var (
	data    []byte
	at      int
	out     []byte
	current = -1
)

// In oorl_amd64.s and oorl_arm64.s: a system call of up to three arguments; its result, or minus the error's number.
//
//go:noescape
func call(number, a, b, c uintptr) int

const (
	interrupted = -4
	again       = -11
)

// Token is the next word of the input.
func Token() string {
	for data[at] == ' ' || data[at] == '\n' {
		at++
	}
	from := at
	for data[at] != ' ' && data[at] != '\n' {
		at++
	}
	return string(data[from:at])
}

func Int() int {
	value, sign := 0, 1
	for _, c := range []byte(Token()) {
		if c == '-' {
			sign = -1
		} else {
			value = value*10 + sign*int(c-'0')
		}
	}
	return value
}

func Bool() bool { return Token() == "1" }

func Str() string {
	n := Int()
	from := at + 1
	at = from + n
	return string(data[from:at])
}

func List[T any](item func() T) func() []T {
	return func() []T {
		n := Int()
		list := make([]T, n)
		for i := range list {
			list[i] = item()
		}
		return list
	}
}

func Map[K comparable, V any](key func() K, value func() V) func() map[K]V {
	return func() map[K]V {
		n := Int()
		m := make(map[K]V, n)
		for i := 0; i < n; i++ {
			k := key()
			m[k] = value()
		}
		return m
	}
}

func Opt[T any](item func() T) func() *T {
	return func() *T {
		if Int() == 0 {
			return nil
		}
		v := item()
		return &v
	}
}

// Put writes what is a JSON value already.
func Put(text string) { out = append(out, text...) }

func PutInt(v int) { Put(digits(v)) }

func digits(v int) string {
	var text [20]byte
	from := len(text)
	for rest := v; from == len(text) || rest != 0; rest /= 10 {
		from--
		digit := rest % 10
		if digit < 0 {
			digit = -digit
		}
		text[from] = byte('0' + digit)
	}
	if v < 0 {
		from--
		text[from] = '-'
	}
	return string(text[from:])
}

func PutBool(v bool) {
	if v {
		Put("true")
	} else {
		Put("false")
	}
}

// PutStr writes each run of bytes that are not UTF-8 as one U+FFFD.
func PutStr(v string) {
	out = append(out, '"')
	wrong := false
	for i, r := range v {
		bad := r == 0xFFFD && v[i] != 0xEF
		switch {
		case bad && wrong:
		case r == '"' || r == '\\':
			out = append(out, '\\', byte(r))
		case r < 32:
			out = append(out, '\\', 'u', '0', '0', byte('0'+r>>4), "0123456789abcdef"[r&15])
		default:
			out = append(out, string(r)...)
		}
		wrong = bad
	}
	out = append(out, '"')
}

func PutList[T any](item func(T)) func([]T) {
	return func(v []T) {
		out = append(out, '[')
		for i, x := range v {
			if i > 0 {
				out = append(out, ',')
			}
			item(x)
		}
		out = append(out, ']')
	}
}

func PutMap[K comparable, V any](key func(K), value func(V)) func(map[K]V) {
	return func(v map[K]V) {
		out = append(out, '[')
		first := true
		for k, x := range v {
			if !first {
				out = append(out, ',')
			}
			first = false
			out = append(out, '[')
			key(k)
			out = append(out, ',')
			value(x)
			out = append(out, ']')
		}
		out = append(out, ']')
	}
}

func PutOpt[T any](item func(T)) func(*T) {
	return func(v *T) {
		if v == nil {
			out = append(out, "null"...)
		} else {
			item(*v)
		}
	}
}

func send() {
	out = append(out, '\n')
	write(3, out)
	out = out[:0]
}

func write(to uintptr, text []byte) {
	for len(text) > 0 {
		n := call(sysWrite, to, uintptr(unsafe.Pointer(&text[0])), uintptr(len(text)))
		if n == interrupted || n == again {
			continue
		}
		if n <= 0 {
			exit(97)
		}
		text = text[n:]
	}
}

func exit(code uintptr) { call(sysExitGroup, code, 0, 0) }

// Complete writes to standard output, whatever a program has done to os.Stdout.
func Complete(text string) { write(1, []byte(text)) }

func read(name string) []byte {
	path := append([]byte(name), 0)
	cwd := -100
	file := call(sysOpenAt, uintptr(cwd), uintptr(unsafe.Pointer(&path[0])), 0)
	text := make([]byte, 4096)
	size := 0
	for {
		n := call(sysRead, uintptr(file), uintptr(unsafe.Pointer(&text[size])), uintptr(len(text)-size))
		if n == interrupted {
			continue
		}
		if n <= 0 {
			return text[:size]
		}
		if size += n; size == len(text) {
			text = append(text, make([]byte, size)...)
		}
	}
}

func begin(tag byte) { out = append(out[:0:0], tag, '\t'); PutInt(current); out = append(out, '\t') }

// What fmt.Sprint says of the values that programs panic with.
func described(what any) string {
	switch value := what.(type) {
	case nil:
		return "<nil>"
	case error:
		return value.Error()
	case interface{ String() string }:
		return value.String()
	case string:
		return value
	case int:
		return digits(value)
	case bool:
		if value {
			return "true"
		}
		return "false"
	}
	return "panic with a value that is neither text nor an error"
}

func failed(tag byte, what any) {
	begin(tag)
	start, space := len(out), false
	for _, c := range []byte(described(what)) {
		if len(out)-start >= 500 {
			break
		}
		if c <= ' ' {
			space = len(out) > start
			continue
		}
		if space {
			out = append(out, ' ')
		}
		out, space = append(out, c), false
	}
	send()
}

// Next says whether there is another case.
func Next() bool {
	if current < 0 {
		data = read("/job/input")
		cases = Int()
	}
	current++
	return current < cases
}

var cases int

// Answer calls the candidate once and sends the record.
func Answer[T any](put func(T), call func() T) {
	value, good := guarded(call)
	if good {
		begin('=')
		put(value)
		send()
	}
}

func guarded[T any](call func() T) (value T, good bool) {
	defer func() {
		if !good {
			failed('!', recover())
		}
	}()
	value = call()
	good = true
	return
}

// Finish ends the program without deferred functions of anybody.
func Finish() { exit(0) }
