// Package oorl_driver reads the inputs and writes the records. Compiled once per machine.
package oorl_driver

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"syscall"
)

var (
	data    []byte
	at      int
	out     []byte
	current = -1
)

func token() string {
	for data[at] == ' ' || data[at] == '\n' {
		at++
	}
	from := at
	for data[at] != ' ' && data[at] != '\n' {
		at++
	}
	return string(data[from:at])
}

func Int() int { v, _ := strconv.Atoi(token()); return v }

func Float() float64 { v, _ := strconv.ParseFloat(token(), 64); return v }

func Bool() bool { return token() == "1" }

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

func PutInt(v int) { out = strconv.AppendInt(out, int64(v), 10) }

func PutBool(v bool) { out = strconv.AppendBool(out, v) }

func PutFloat(v float64) {
	switch {
	case math.IsNaN(v):
		out = append(out, "NaN"...)
	case math.IsInf(v, 0):
		if v < 0 {
			out = append(out, '-')
		}
		out = append(out, "Infinity"...)
	default:
		out = strconv.AppendFloat(out, v, 'g', 17, 64)
	}
}

func PutStr(v string) {
	out = append(out, '"')
	for _, c := range []byte(strings.ToValidUTF8(v, "\uFFFD")) {
		switch {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c < 32:
			out = append(out, fmt.Sprintf("\\u%04x", c)...)
		default:
			out = append(out, c)
		}
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
	for len(out) > 0 {
		n, err := syscall.Write(3, out)
		if err == syscall.EINTR || err == syscall.EAGAIN {
			continue
		}
		if err != nil || n <= 0 {
			syscall.Exit(97)
		}
		out = out[n:]
	}
}

func begin(tag byte) { out = append(out[:0:0], tag, '\t'); PutInt(current); out = append(out, '\t') }

func failed(tag byte, what any) {
	text := strings.Join(strings.Fields(fmt.Sprint(what)), " ")
	if len(text) > 500 {
		text = text[:500]
	}
	begin(tag)
	out = append(out, text...)
	send()
}

// Next says whether there is another case.
func Next() bool {
	if current < 0 {
		data, _ = os.ReadFile("/job/input")
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
func Finish() { syscall.Exit(0) }
