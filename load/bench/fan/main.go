// The load client of the gateway's benchmarks (Linux, one epoll thread), so cheap that it is not what is measured. It opens -conns
// subscribers spread over -rooms rooms, then -pubs publishers send messages round-robin over the rooms, at an open-loop rate. Each body
// carries "~P<phase>,<unix ns>,<seq in its room>~": a delivery is known in any protocol by that marker, alone in a frame or joined with
// others, and every gap, doubled one and loss is counted. It never talks to another machine: -urls must be of the loopback.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

type multi []string

func (m *multi) String() string     { return strings.Join(*m, " ") }
func (m *multi) Set(s string) error { *m = append(*m, s); return nil }

var (
	fProto    = flag.String("profile", "", "protocol profile: JSON file, see proto.go")
	fURLs     = flag.String("urls", "127.0.0.1:8000", "comma-separated host:port list; subscribers are spread over it")
	fPubURLs  = flag.String("puburls", "", "host:port list for publishers (default: the first of -urls)")
	fConns    = flag.Int("conns", 1000, "subscriber connections")
	fRooms    = flag.Int("rooms", 1, "rooms; subscriber i is in room i%rooms")
	fPubs     = flag.Int("pubs", 1, "publisher connections")
	fRates    = flag.String("rates", "20", "comma list of total msg/s, one phase each; 0 = idle hold")
	fRamp     = flag.String("ramp", "", "comma list of rising msg/s, after -rates: until p99 > -maxp99 or loss, then bisected")
	fRampDur  = flag.Duration("rampdur", 2*time.Second, "length of one phase of the ramp")
	fMaxP99   = flag.Duration("maxp99", 250*time.Millisecond, "ramp stops above this p99")
	fSize     = flag.Int("size", 200, "body bytes")
	fDur      = flag.Duration("dur", 10*time.Second, "length of one phase")
	fWarm     = flag.Duration("warm", 2*time.Second, "warm-up at the first rate, not reported")
	fDrain    = flag.Duration("drain", 3*time.Second, "longest wait for late deliveries after a phase")
	fSettle   = flag.Duration("settle", 2*time.Second, "wait after connecting, before RSS is read")
	fInflight = flag.Int("inflight", 64, "handshakes in progress at once")
	fName     = flag.String("name", "", "label copied to the output")
	fGrp      multi
)

type result struct {
	Name       string             `json:"name,omitempty"`
	Conns      int                `json:"conns"`
	Rooms      int                `json:"rooms"`
	Size       int                `json:"size"`
	Rate       float64            `json:"rate"`
	Sent       int64              `json:"sent"`
	SentRate   float64            `json:"sent_per_s"`
	Expected   int64              `json:"expected"`
	Received   int64              `json:"received"`
	Lost       int64              `json:"lost"`
	Closed     int64              `json:"closed"`           // connections the server has closed so far
	Gaps       int64              `json:"gaps"`             // a seq of the room that is not the next
	Doubled    int64              `json:"doubled"`          // a seq that was here before, or came late
	DelivRate  float64            `json:"deliveries_per_s"` // received / the time of publishing; what is late by more is a backlog
	P50        float64            `json:"p50_ms"`
	P95        float64            `json:"p95_ms"`
	P99        float64            `json:"p99_ms"`
	Max        float64            `json:"max_ms"`
	AckP50     float64            `json:"ack_p50_ms,omitempty"`
	AckP99     float64            `json:"ack_p99_ms,omitempty"`
	Acks       int64              `json:"acks,omitempty"`
	BytesPer   float64            `json:"wire_bytes_per_delivery"`
	WallS      float64            `json:"wall_s"`
	CPU        map[string]float64 `json:"cpu_s"`
	UsPer      map[string]float64 `json:"cpu_us_per_delivery"`
	UsPerPub   map[string]float64 `json:"cpu_us_per_publish"`
	UsSoftirq  float64            `json:"softirq_us_per_delivery"`
	ClientCPU  float64            `json:"client_cpu_s"`
	ClientUs   float64            `json:"client_us_per_delivery"`
	ClientBusy float64            `json:"client_core_frac"`
	Idle       float64            `json:"machine_idle_frac"`
	Steal      float64            `json:"steal_frac"`
	Other      float64            `json:"other_cpu_cores"`
	PubLate    float64            `json:"pub_late_max_ms"`
	RSS        map[string]float64 `json:"rss_mib"`
	Verdict    string             `json:"verdict"`
	ConnPerS   float64            `json:"conn_per_s,omitempty"`
	ConnUs     map[string]float64 `json:"cpu_us_per_connect,omitempty"`
	KiBPerConn map[string]float64 `json:"rss_kib_per_conn,omitempty"`
	KernKiB    float64            `json:"kernel_sock_kib_per_conn,omitempty"`
}

func main() {
	flag.Var(&fGrp, "grp", "name=pid[,pid]: processes (with children) whose CPU and RSS are reported; 'server' is the main one")
	flag.Parse()
	debug.SetGCPercent(400)
	runtime.GOMAXPROCS(2)
	groups := map[string][]int{}
	for _, g := range fGrp {
		k, v, _ := strings.Cut(g, "=")
		for _, p := range strings.Split(v, ",") {
			if n, err := strconv.Atoi(p); err == nil {
				groups[k] = append(groups[k], n)
			}
		}
	}
	proto := loadProto(*fProto)
	cl := newClient(proto)

	// --- connect
	s0 := snap(groups)
	cl.connectAll()
	s1 := snap(groups)
	time.Sleep(*fSettle)
	s2 := snap(groups)
	cw := s1.wall.Sub(s0.wall).Seconds()
	conn := result{Name: *fName, Conns: *fConns, Rooms: *fRooms, Verdict: "connect", WallS: cw,
		ConnPerS: float64(cl.total) / cw, ConnUs: map[string]float64{}, KiBPerConn: map[string]float64{}, CPU: map[string]float64{}, RSS: map[string]float64{}}
	for g := range groups {
		conn.CPU[g] = r3(s1.grp[g] - s0.grp[g])
		conn.ConnUs[g] = r3((s1.grp[g] - s0.grp[g]) * 1e6 / float64(cl.total))
		conn.KiBPerConn[g] = r3(float64(s2.rss[g]-s0.rss[g]) / 1024 / float64(cl.total))
		conn.RSS[g] = r3(float64(s2.rss[g]) / (1 << 20))
	}
	conn.ClientCPU = r3(s1.self - s0.self)
	conn.ClientBusy = r3((s1.self - s0.self) / cw)
	conn.KernKiB = r3(float64(s2.sockKB-s0.sockKB) / float64(cl.total))
	emit(conn)

	phase := 0
	run := func(rate float64, d time.Duration, quiet bool) result {
		phase++
		r := cl.phase(phase, rate, d, groups)
		if !quiet {
			emit(r)
		}
		return r
	}
	for i, rate := range numbers(*fRates) {
		if i == 0 && rate > 0 && *fWarm > 0 {
			run(rate, *fWarm, true)
			cl.quiesce()
		}
		run(rate, *fDur, false)
	}
	if *fRamp != "" {
		cl.ramp(numbers(*fRamp), func(rate float64) result { return run(rate, *fRampDur, false) })
	}
}

// ramp raises the rate until it is not held, then looks twice for the limit between the last held and the first that was not.
func (cl *client) ramp(rates []float64, run func(rate float64) result) {
	var ok, bad float64
	for _, rate := range rates {
		r := run(rate)
		// Twice more, so that a hiccup of a noisy machine does not end the ramp; closed ones would count as loss ever after.
		for try := 0; try < 2 && r.Verdict != "ok"; try++ {
			if r.Closed > 0 {
				return
			}
			cl.quiesce()
			r = run(rate)
		}
		if r.Verdict != "ok" {
			bad = rate
			break
		}
		ok = rate
	}
	for i := 0; i < 2 && bad > 0 && ok > 0; i++ {
		mid := float64(int((ok + bad) / 2))
		cl.quiesce()
		r := run(mid)
		if r.Closed > 0 {
			return
		}
		if r.Verdict == "ok" {
			ok = mid
		} else {
			bad = mid
		}
	}
}

func numbers(list string) (out []float64) {
	for _, s := range strings.Split(list, ",") {
		if s == "" {
			continue
		}
		v, err := strconv.ParseFloat(s, 64)
		if err != nil {
			die("not a number:", s)
		}
		out = append(out, v)
	}
	return
}

func emit(r result) {
	b, _ := json.Marshal(r)
	fmt.Println(string(b))
}

func r3(f float64) float64 { return float64(int64(f*1000+0.5)) / 1000 }

// quiesce waits until the backlog of earlier phases has arrived (or no more comes).
func (cl *client) quiesce() {
	last, since := int64(-1), time.Now()
	for time.Since(since) < 500*time.Millisecond {
		sum := int64(0)
		for i := range cl.phases {
			if st := cl.phases[i].Load(); st != nil {
				sum += atomic.LoadInt64(&st.recv)
			}
		}
		if sum != last {
			last, since = sum, time.Now()
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (cl *client) phase(id int, rate float64, d time.Duration, groups map[string][]int) result {
	st := &phaseStats{}
	cl.phases[id].Store(st)
	a := snap(groups)
	late := time.Duration(0)
	if rate > 0 {
		late = cl.publish(id, rate, d, st)
	} else {
		time.Sleep(d)
	}
	sentWall := time.Since(a.wall)
	deadline := time.Now().Add(*fDrain)
	for atomic.LoadInt64(&st.recv) < st.expected && time.Now().Before(deadline) {
		time.Sleep(2 * time.Millisecond)
	}
	drained := time.Since(a.wall) - sentWall
	time.Sleep(20 * time.Millisecond)
	b := snap(groups)
	w := b.wall.Sub(a.wall).Seconds()
	recv := atomic.LoadInt64(&st.recv)
	r := result{Name: *fName, Conns: *fConns, Rooms: *fRooms, Size: *fSize, Rate: rate,
		Sent: st.sent, SentRate: r3(float64(st.sent) / sentWall.Seconds()), Expected: st.expected, Received: recv,
		Lost: st.expected - recv, Closed: atomic.LoadInt64(&cl.closed), Gaps: atomic.LoadInt64(&st.gaps), Doubled: atomic.LoadInt64(&st.doubled), DelivRate: r3(float64(recv) / sentWall.Seconds()),
		P50: st.h.q(.5), P95: st.h.q(.95), P99: st.h.q(.99), Max: r3(float64(st.h.max) / 1e6),
		AckP50: st.ack.q(.5), AckP99: st.ack.q(.99), Acks: st.ack.n, WallS: r3(w),
		CPU: map[string]float64{}, UsPer: map[string]float64{}, UsPerPub: map[string]float64{}, RSS: map[string]float64{}, PubLate: r3(float64(late) / 1e6)}
	n := float64(recv)
	if n == 0 {
		n = 1
	}
	sum := 0.0
	for g := range groups {
		c := b.grp[g] - a.grp[g]
		sum += c
		r.CPU[g] = r3(c)
		r.UsPer[g] = r3(c * 1e6 / n)
		if st.sent > 0 {
			r.UsPerPub[g] = r3(c * 1e6 / float64(st.sent))
		}
		r.RSS[g] = r3(float64(b.rss[g]) / (1 << 20))
	}
	r.BytesPer = r3(float64(atomic.LoadInt64(&st.bytes)) / n)
	r.ClientCPU = r3(b.self - a.self)
	r.ClientUs = r3((b.self - a.self) * 1e6 / n)
	r.ClientBusy = r3((b.self - a.self) / w)
	tot, busy := 0.0, 0.0
	for i := 0; i < 8; i++ {
		tot += b.sys[i] - a.sys[i]
	}
	idle := b.sys[3] - a.sys[3] + b.sys[4] - a.sys[4]
	steal := b.sys[7] - a.sys[7]
	soft := b.sys[6] - a.sys[6]
	busy = tot - idle - steal
	r.Idle, r.Steal = r3(idle/tot), r3(steal/tot)
	r.UsSoftirq = r3(soft * 1e6 / n)
	r.Other = r3((busy - sum - (b.self - a.self)) / w)
	r.Verdict = "ok"
	switch {
	case rate > 0 && r.Closed > 0:
		r.Verdict = "closed-by-server"
	case rate > 0 && r.Lost != 0:
		r.Verdict = "loss"
	case rate > 0 && r.P99 > float64(*fMaxP99)/1e6:
		r.Verdict = "p99"
	case drained > time.Second:
		r.Verdict = "backlog"
	case rate > 0 && r.SentRate < 0.97*rate:
		r.Verdict = "publisher-slow"
	}
	if r.Verdict != "ok" && r.ClientBusy > 0.85 {
		r.Verdict += "+client-bound"
	}
	return r
}
