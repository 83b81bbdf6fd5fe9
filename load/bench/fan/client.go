// The connections: handshakes, hand-made WebSocket frames, and what is counted of each delivery. All reading is on one thread.
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

type phaseStats struct {
	recv, gaps, doubled, bytes int64 // atomic
	sent, expected             int64 // publisher only
	h, ack                     hist  // epoll thread only
}

type pending struct {
	phase int
	at    int64
}

type conn struct {
	fd, idx, room int
	pub, open     bool
	ready         bool
	step          int
	last          uint32
	rest          []byte
	acks          chan pending
	unmet         string // while not ready: the latest frame that no step expected
}

type client struct {
	p       *profile
	ep      int
	byFD    []*conn
	subs    []*conn
	pubs    []*conn
	members []int64
	total   int
	started int
	nready  int64
	phases  [512]atomic.Pointer[phaseStats]
	urls    []syscall.SockaddrInet4
	hosts   []string
	pubURLs []syscall.SockaddrInet4
	pubHost []string
	seq     []uint32
	n       int
	pacing  bool
	closed  int64
}

func addrs(list string) (out []syscall.SockaddrInet4, hosts []string) {
	for _, u := range strings.Split(list, ",") {
		a, err := net.ResolveTCPAddr("tcp4", u)
		if err != nil {
			die(err)
		}
		s := syscall.SockaddrInet4{Port: a.Port}
		if !a.IP.IsLoopback() {
			die("only targets on this machine:", u)
		}
		copy(s.Addr[:], a.IP.To4())
		out = append(out, s)
		hosts = append(hosts, u)
	}
	return
}

func newClient(p *profile) *client {
	cl := &client{p: p, total: *fConns + *fPubs, members: make([]int64, *fRooms), seq: make([]uint32, *fRooms)}
	var err error
	if cl.ep, err = syscall.EpollCreate1(0); err != nil {
		die(err)
	}
	cl.urls, cl.hosts = addrs(*fURLs)
	pu := *fPubURLs
	if pu == "" {
		pu = strings.Split(*fURLs, ",")[0]
	}
	cl.pubURLs, cl.pubHost = addrs(pu)
	cl.byFD = make([]*conn, cl.total+4096)
	return cl
}

// connectAll opens every connection, at most -inflight handshakes at a time, and
// returns when all have finished their protocol's steps.
func (cl *client) connectAll() {
	go cl.loop()
	stall, last := time.Now(), int64(-1)
	for {
		r := atomic.LoadInt64(&cl.nready)
		if r == int64(cl.total) {
			return
		}
		if r != last {
			last, stall = r, time.Now()
		} else if time.Since(stall) > 15*time.Second {
			for _, c := range cl.byFD {
				if c != nil && !c.ready {
					die("connect stalled:", r, "of", cl.total, "ready; closed", atomic.LoadInt64(&cl.closed), "; e.g. step", c.step, "got", c.unmet)
				}
			}
		}
		time.Sleep(time.Millisecond)
	}
}

func (cl *client) dialNext() {
	i := cl.started
	cl.started++
	c := &conn{idx: i}
	addr, host := cl.urls[0], cl.hosts[0]
	if i < *fConns {
		c.room = i % *fRooms
		k := (i / *fRooms) % len(cl.urls)
		addr, host = cl.urls[k], cl.hosts[k]
		cl.members[c.room]++
		cl.subs = append(cl.subs, c)
	} else {
		c.pub = true
		c.idx = i - *fConns
		k := c.idx % len(cl.pubURLs)
		addr, host = cl.pubURLs[k], cl.pubHost[k]
		c.acks = make(chan pending, 1<<16)
		cl.pubs = append(cl.pubs, c)
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		die("socket:", err)
	}
	syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
	// close with RST: no TIME_WAIT, so runs can follow each other at once
	syscall.SetsockoptLinger(fd, syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1})
	if err := syscall.Connect(fd, &addr); err != nil {
		die("connect:", err)
	}
	syscall.SetNonblock(fd, true)
	c.fd = fd
	cl.byFD[fd] = c
	path := cl.p.Path
	if c.pub && cl.p.PubPath != "" {
		path = cl.p.PubPath
	}
	var b strings.Builder
	fmt.Fprintf(&b, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", c.expand(path), host)
	for k, v := range cl.p.Headers {
		fmt.Fprintf(&b, "%s: %s\r\n", k, c.expand(v))
	}
	b.WriteString("\r\n")
	c.write([]byte(b.String()))
	ev := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(fd)}
	if err := syscall.EpollCtl(cl.ep, syscall.EPOLL_CTL_ADD, fd, &ev); err != nil {
		die(err)
	}
}

func (c *conn) write(b []byte) {
	for len(b) > 0 {
		n, err := syscall.Write(c.fd, b)
		if err == syscall.EAGAIN {
			time.Sleep(200 * time.Microsecond)
			continue
		}
		if err != nil {
			return
		}
		b = b[n:]
	}
}

// frame builds a masked client frame.
func frame(op byte, p string) []byte {
	b := make([]byte, 0, len(p)+14)
	b = append(b, 0x80|op)
	switch {
	case len(p) < 126:
		b = append(b, 0x80|byte(len(p)))
	case len(p) < 65536:
		b = append(b, 0x80|126, byte(len(p)>>8), byte(len(p)))
	default:
		b = append(b, 0x80|127)
		b = binary.BigEndian.AppendUint64(b, uint64(len(p)))
	}
	key := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	b = append(b, key[:]...)
	for i := 0; i < len(p); i++ {
		b = append(b, p[i]^key[i&3])
	}
	return b
}

func (cl *client) send(c *conn, p string) {
	c.write(frame(1, p))
}

func (cl *client) loop() {
	runtime.LockOSThread()
	evs := make([]syscall.EpollEvent, 512)
	buf := make([]byte, 1<<20)
	for {
		for cl.started < cl.total && cl.started-int(cl.nready) < *fInflight {
			cl.dialNext()
		}
		n, err := syscall.EpollWait(cl.ep, evs, -1)
		if err != nil && err != syscall.EINTR {
			die(err)
		}
		for i := 0; i < n; i++ {
			c := cl.byFD[evs[i].Fd]
			k := copy(buf, c.rest)
			m, _, e := syscall.RawSyscall(syscall.SYS_READ, uintptr(c.fd), uintptr(unsafe.Pointer(&buf[k])), uintptr(len(buf)-k))
			if e == syscall.EAGAIN || e == syscall.EINTR {
				continue
			}
			if e != 0 || m == 0 {
				atomic.AddInt64(&cl.closed, 1)
				syscall.EpollCtl(cl.ep, syscall.EPOLL_CTL_DEL, c.fd, nil)
				continue
			}
			data := buf[:k+int(m)]
			used := cl.consume(c, data)
			c.rest = append(c.rest[:0], data[used:]...)
		}
	}
}

func (cl *client) consume(c *conn, b []byte) int {
	off := 0
	if !c.open {
		i := bytes.Index(b, []byte("\r\n\r\n"))
		if i < 0 {
			return 0
		}
		if !bytes.HasPrefix(b, []byte("HTTP/1.1 101")) {
			die("upgrade refused:", string(b[:i]))
		}
		c.open = true
		off = i + 4
		cl.advance(c, nil)
	}
	now := time.Now().UnixNano()
	for {
		f := b[off:]
		if len(f) < 2 {
			return off
		}
		h, l := 2, int(f[1]&0x7f)
		if l == 126 {
			if len(f) < 4 {
				return off
			}
			h, l = 4, int(binary.BigEndian.Uint16(f[2:]))
		} else if l == 127 {
			if len(f) < 10 {
				return off
			}
			h, l = 10, int(binary.BigEndian.Uint64(f[2:]))
		}
		if len(f) < h+l {
			return off
		}
		cl.onFrame(c, f[0]&15, f[h:h+l], h+l, now)
		off += h + l
	}
}

func (cl *client) onFrame(c *conn, op byte, p []byte, wire int, now int64) {
	switch op {
	case 9:
		c.write(frame(10, string(p)))
		return
	case 8:
		return
	}
	if !c.ready {
		cl.advance(c, p)
		return
	}
	if len(cl.p.Ping) > 0 && len(p) == len(cl.p.Ping) && string(p) == cl.p.Ping {
		cl.send(c, cl.p.Pong)
		return
	}
	if c.pub {
		if cl.p.Ack != "" && bytes.Contains(p, []byte(cl.p.Ack)) {
			select {
			case a := <-c.acks:
				cl.phases[a.phase].Load().ack.add(now - a.at)
			default:
			}
		}
		return
	}
	for {
		i := bytes.Index(p, []byte("~P"))
		if i < 0 || len(p) < i+35 {
			return
		}
		m := p[i : i+35]
		p = p[i+35:]
		st := cl.phases[num(m[2:5])].Load()
		st.h.add(now - int64(num(m[6:25])))
		seq := uint32(num(m[26:34]))
		if seq > c.last+1 {
			atomic.AddInt64(&st.gaps, 1)
		} else if seq <= c.last {
			atomic.AddInt64(&st.doubled, 1)
		}
		c.last = max(c.last, seq)
		atomic.AddInt64(&st.bytes, int64(wire))
		wire = 0
		atomic.AddInt64(&st.recv, 1)
	}
}

func num(b []byte) (v uint64) {
	for _, d := range b {
		v = v*10 + uint64(d-'0')
	}
	return
}

// advance takes the steps of the handshake that the frame p allows.
func (cl *client) advance(c *conn, p []byte) {
	steps := cl.p.Sub
	if c.pub {
		steps = cl.p.Pub
	}
	for c.step < len(steps) {
		s := steps[c.step]
		if s.Expect != "" {
			if p == nil || !bytes.Contains(p, []byte(c.expand(s.Expect))) {
				if p != nil {
					c.unmet = string(p)
				}
				return
			}
			p = nil
		}
		c.step++
		if s.Send != "" {
			cl.send(c, c.expand(s.Send))
		}
	}
	if !c.ready {
		c.ready = true
		atomic.AddInt64(&cl.nready, 1)
	}
}

// publish sends at a fixed rate (open loop) and returns how late the worst send was.
func (cl *client) publish(phase int, rate float64, d time.Duration, st *phaseStats) time.Duration {
	pad := strings.Repeat("x", max(0, *fSize-35))
	start := time.Now()
	gap := time.Duration(float64(time.Second) / rate)
	total := int(rate*d.Seconds() + 0.5)
	worst := time.Duration(0)
	for k := 0; k < total; k++ {
		due := start.Add(time.Duration(k) * gap)
		if w := time.Until(due); w > 0 {
			time.Sleep(w)
		} else if -w > worst {
			worst = -w
		}
		room := cl.n % *fRooms
		c := cl.pubs[cl.n%len(cl.pubs)]
		cl.n++
		cl.seq[room]++
		st.expected += cl.members[room]
		st.sent++
		now := time.Now().UnixNano()
		body := fmt.Sprintf("~P%03d,%019d,%08d~", phase, now, cl.seq[room]) + pad
		msg := strings.NewReplacer("{room}", roomName(room), "{n}", strconv.Itoa(cl.n), "{i}", strconv.Itoa(c.idx), "{body}", body).Replace(cl.p.Publish)
		if cl.p.Ack != "" {
			select {
			case c.acks <- pending{phase, now}:
			default:
			}
		}
		cl.send(c, msg)
	}
	if w := time.Until(start.Add(d)); w > 0 {
		time.Sleep(w)
	}
	return worst
}
