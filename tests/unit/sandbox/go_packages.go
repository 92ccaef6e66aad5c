package main

import (
	"bufio"
	"bytes"
	"container/heap"
	"container/list"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"math/big"
	"math/bits"
	"math/cmplx"
	"math/rand"
	"os"
	"reflect"
	"regexp"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

type H []int

func (h H) Len() int           { return len(h) }
func (h H) Less(i, j int) bool { return h[i] < h[j] }
func (h H) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *H) Push(x any)        { *h = append(*h, x.(int)) }
func (h *H) Pop() any          { o := *h; x := o[len(o)-1]; *h = o[:len(o)-1]; return x }

type E struct{ A int }

func (e *E) Error() string { return "E" + strconv.Itoa(e.A) }

type S struct {
	A int                `json:"a"`
	B map[string]float64 `json:"b"`
	C []string
}

func (s S) Hello(n int) string { return strings.Repeat("x", n) }
func Map[T, U any](x []T, f func(T) U) (r []U) {
	for _, v := range x {
		r = append(r, f(v))
	}
	return
}

var start = func() int { return len(os.Args) }()

func main() {
	h := &H{5, 2, 8}
	heap.Init(h)
	heap.Push(h, 1)
	fmt.Println(heap.Pop(h), *h, start)
	l := list.New()
	l.PushBack(3)
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	<-ctx.Done()
	fmt.Println(ctx.Err(), l.Len())
	fmt.Printf("%x %x %x\n", md5.Sum([]byte("a")), sha1.Sum([]byte("a")), sha256.Sum256([]byte("a")))
	fmt.Println(base64.StdEncoding.EncodeToString([]byte("hey")), binary.BigEndian.Uint32([]byte{1, 2, 3, 4}), hex.EncodeToString([]byte("a")))
	b, err := json.Marshal(S{1, map[string]float64{"z": 1.5, "a": math.Pi}, []string{"q"}})
	fmt.Println(string(b), err)
	var s S
	fmt.Println(json.Unmarshal([]byte(`{"a":3,"b":{"k":2},"C":["x"]}`), &s), s)
	fmt.Println(json.Unmarshal([]byte(`{"a":"x"}`), &s))
	var e *E
	fmt.Println(errors.As(fmt.Errorf("w %w", &E{4}), &e), e)
	f := fnv.New32a()
	io.WriteString(f, "abc")
	fmt.Println(f.Sum32(), bits.OnesCount(255), cmplx.Abs(3+4i), new(big.Int).Exp(big.NewInt(3), big.NewInt(100), nil))
	r := rand.New(rand.NewSource(1))
	fmt.Println(r.Intn(1000), r.Float64(), r.Perm(5))
	v := reflect.ValueOf(s)
	for i := 0; i < v.Type().NumMethod(); i++ {
		fmt.Println(v.Type().Method(i).Name, v.Method(i).Call([]reflect.Value{reflect.ValueOf(3)})[0])
	}
	fmt.Println(v.MethodByName("Hel"+"lo").IsValid(), reflect.DeepEqual(s, s), reflect.TypeOf(map[string][]int{}))
	fmt.Println(regexp.MustCompile(`(\w+)@(\w+)`).FindStringSubmatch("me@there"), runtime.GOOS)
	x := []string{"b", "a", "C"}
	sort.Strings(x)
	sort.Slice(x, func(i, j int) bool { return x[i] > x[j] })
	fmt.Println(x, strings.Fields(" a b "), strconv.Quote("hé\n"), bytes.ToUpper([]byte("abc")))
	var n int64
	var wg sync.WaitGroup
	var m sync.Map
	var mu sync.RWMutex
	c := make(chan int, 3)
	for i := 0; i < 20; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			mu.Lock()
			atomic.AddInt64(&n, int64(i))
			mu.Unlock()
			m.Store(i, i)
			select {
			case c <- i:
			default:
			}
		}(i)
	}
	wg.Wait()
	fmt.Println(n, len(c))
	t := tabwriter.NewWriter(os.Stdout, 0, 8, 1, ' ', 0)
	fmt.Fprintln(t, "a\tb\nccc\td")
	t.Flush()
	d := time.Date(2020, 2, 29, 1, 2, 3, 0, time.UTC)
	fmt.Println(d.AddDate(1, 0, 0), d.Weekday(), time.Duration(1e9), d.Format(time.RFC1123))
	fmt.Println(unicode.IsUpper('É'), utf16.Encode([]rune("😀")), utf8.RuneCountInString("hé😀"), Map(x, func(s string) int { return len(s) }))
	defer func() {
		fmt.Println(recover())
		sc := bufio.NewScanner(strings.NewReader("1\n2\n"))
		for sc.Scan() {
			fmt.Println(sc.Text())
		}
		runtime.GC()

	}()
	var z map[string]int
	z["a"] = 1
}
