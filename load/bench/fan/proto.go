// A protocol as data: a JSON file of profiles/ says how a subscriber and a publisher come in, and how a message is sent.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Placeholders: {room} {i} {n} {body}. A step is taken when a frame containing Expect has come
// (at once if Expect is empty); after the last step and Ready the connection counts.
type step struct {
	Expect string `json:"expect,omitempty"`
	Send   string `json:"send,omitempty"`
}

type profile struct {
	Path    string            `json:"path"`
	PubPath string            `json:"pubPath,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	Sub     []step            `json:"subscriber"`
	Pub     []step            `json:"publisher"`
	Publish string            `json:"publish"`
	Ack     string            `json:"ack,omitempty"`  // a frame with this on a publisher acknowledges its oldest unacknowledged message
	Ping    string            `json:"ping,omitempty"` // a frame equal to this ...
	Pong    string            `json:"pong,omitempty"` // ... is answered with this
}

func roomName(r int) string { return "r" + strconv.Itoa(r) }

func loadProto(p string) *profile {
	b, err := os.ReadFile(p)
	if err != nil {
		die(err)
	}
	pr := &profile{}
	if err := json.Unmarshal(b, pr); err != nil {
		die(err)
	}
	return pr
}

func (c *conn) expand(s string) string {
	if !strings.Contains(s, "{") {
		return s
	}
	return strings.NewReplacer("{room}", roomName(c.room), "{i}", strconv.Itoa(c.idx)).Replace(s)
}

func die(a ...any) { fmt.Fprintln(os.Stderr, a...); os.Exit(1) }
