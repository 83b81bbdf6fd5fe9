// What the load client knows of other processes and of itself: CPU time and memory, read from /proc. Linux only.
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

type cpuSnap struct {
	grp    map[string]float64
	rss    map[string]int64
	self   float64
	sys    [10]float64
	wall   time.Time
	ctxsw  int64
	sockKB int64
}

const hz = 100.0

// descendants returns pids and all their children, recursively.
func descendants(roots []int) []int {
	kids := map[int][]int{}
	ents, _ := os.ReadDir("/proc")
	for _, e := range ents {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if f := statFields(pid); f != nil {
			pp, _ := strconv.Atoi(f[1])
			kids[pp] = append(kids[pp], pid)
		}
	}
	var out []int
	var walk func(int)
	walk = func(p int) {
		out = append(out, p)
		for _, k := range kids[p] {
			walk(k)
		}
	}
	for _, r := range roots {
		walk(r)
	}
	return out
}

func statFields(pid int) []string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	s := string(b)
	i := strings.LastIndexByte(s, ')')
	return strings.Fields(s[i+2:])
}

// cpuSeconds is utime+stime of a process. The ticks of /proc/PID/stat are 10 ms, so the
// nanoseconds of its threads' schedstat (the same clock, before rounding) are used if there.
func cpuSeconds(pid int, f []string) float64 {
	u, _ := strconv.ParseFloat(f[11], 64)
	s, _ := strconv.ParseFloat(f[12], 64)
	ticks := (u + s) / hz
	ns := 0.0
	tasks, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	for _, t := range tasks {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/schedstat", pid, t.Name()))
		if err != nil {
			return ticks
		}
		v, _ := strconv.ParseFloat(strings.Fields(string(b))[0], 64)
		ns += v
	}
	if ns == 0 {
		return ticks
	}
	return ns / 1e9
}

func snap(groups map[string][]int) cpuSnap {
	c := cpuSnap{grp: map[string]float64{}, rss: map[string]int64{}, wall: time.Now()}
	for g, roots := range groups {
		for _, p := range descendants(roots) {
			f := statFields(p)
			if f == nil {
				continue
			}
			r, _ := strconv.ParseInt(f[21], 10, 64)
			c.grp[g] += cpuSeconds(p, f)
			c.rss[g] += r * 4096
		}
	}
	var ru syscall.Rusage
	syscall.Getrusage(0, &ru)
	c.self = float64(ru.Utime.Sec+ru.Stime.Sec) + float64(ru.Utime.Usec+ru.Stime.Usec)/1e6
	b, _ := os.ReadFile("/proc/stat")
	for i, f := range strings.Fields(strings.SplitN(string(b), "\n", 2)[0])[1:] {
		if i < 10 {
			v, _ := strconv.ParseFloat(f, 64)
			c.sys[i] = v / hz
		}
	}
	if b, err := os.ReadFile("/proc/net/sockstat"); err == nil {
		for _, l := range strings.Split(string(b), "\n") {
			if strings.HasPrefix(l, "TCP:") {
				f := strings.Fields(l)
				n, _ := strconv.ParseInt(f[len(f)-1], 10, 64)
				c.sockKB = n * 4
			}
		}
	}
	return c
}
