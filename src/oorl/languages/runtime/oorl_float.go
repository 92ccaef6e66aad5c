// Package oorl_float is the part of the driver that needs strconv, for signatures with floats.
package oorl_float

import (
	"oorl_driver"
	"strconv"
)

func Float() float64 { v, _ := strconv.ParseFloat(oorl_driver.Token(), 64); return v }

func PutFloat(v float64) {
	switch {
	case v != v:
		oorl_driver.Put("NaN")
	case v-v != 0:
		if v < 0 {
			oorl_driver.Put("-")
		}
		oorl_driver.Put("Infinity")
	default:
		oorl_driver.Put(strconv.FormatFloat(v, 'g', 17, 64))
	}
}
