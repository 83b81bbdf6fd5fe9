// Latencies in little memory.
package main

import "math/bits"

// hist is a log-linear histogram of nanoseconds (64 sub-buckets per octave, <1.6% error).
type hist struct {
	b   [64 * 64]uint32
	n   int64
	max int64
}

func (h *hist) add(ns int64) {
	if ns < 0 {
		ns = 0
	}
	if ns > h.max {
		h.max = ns
	}
	h.n++
	h.b[slot(uint64(ns))]++
}

func slot(v uint64) int {
	if v < 64 {
		return int(v)
	}
	e := bits.Len64(v) - 7 // v>>e is in [64,128)
	return (e+1)*64 + int(v>>uint(e)) - 64
}

func value(i int) float64 {
	if i < 64 {
		return float64(i)
	}
	e := i/64 - 1
	return float64(uint64(i%64+64)<<uint(e)) + float64(uint64(1)<<uint(e))/2
}

// q returns the quantile in milliseconds.
func (h *hist) q(p float64) float64 {
	if h.n == 0 {
		return 0
	}
	want, seen := int64(p*float64(h.n)), int64(0)
	for i := range h.b {
		seen += int64(h.b[i])
		if seen > want {
			return r3(value(i) / 1e6)
		}
	}
	return r3(float64(h.max) / 1e6)
}
