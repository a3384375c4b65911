package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// What a lab is asked: who is there, what the router between them lets through, and who calls whom.
type experiment struct {
	StandIns []presence `json:"standIns"`
	// for nft, in the namespace of the router
	Rules string `json:"rules"`
	// ports at which everybody listens, by TCP and by UDP
	Ports     []int     `json:"ports"`
	Questions []attempt `json:"questions"`
}

// Somebody in a network namespace of its own, at these addresses.
type presence struct {
	Name      string       `json:"name"`
	Addresses []netip.Addr `json:"addresses"`
}

// Who calls whom, by number; and at which address.
type attempt struct {
	From int            `json:"from"`
	To   netip.AddrPort `json:"to"`
	UDP  bool           `json:"udp,omitempty"`
}

// What came of it: who answered, or why nobody did.
type outcome struct {
	Who string `json:"who,omitempty"`
	Why string `json:"why,omitempty"`
}

// Runs the experiment in a process of its own, with whom everything that it makes in the kernel ends, however that is.
func (e experiment) run(ctx context.Context) ([]outcome, error) {
	text, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "/proc/self/exe", laboratory)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(text), &out, &errs
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Cloneflags: syscall.CLONE_NEWNET}
	if os.Geteuid() != 0 {
		own := func(id int) []syscall.SysProcIDMap { return []syscall.SysProcIDMap{{HostID: id, Size: 1}} }
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings, cmd.SysProcAttr.GidMappings = own(os.Getuid()), own(os.Getgid())
	}
	// the thread that starts it must live as long as it, as it dies with that
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, errs.String())
	}
	var outcomes []outcome
	err = json.Unmarshal(out.Bytes(), &outcomes)
	if err == nil && len(outcomes) != len(e.Questions) {
		err = fmt.Errorf("%d answers to %d questions", len(outcomes), len(e.Questions))
	}
	return outcomes, err
}

// What the program is called with to be the lab.
const laboratory = "laboratory"

// Reads an experiment, and writes what came of it.
func lab(from io.Reader, to io.Writer) error {
	var e experiment
	if err := json.NewDecoder(from).Decode(&e); err != nil {
		return err
	}
	router := newRoom("router")
	if err := router.settings(forwarding...); err != nil {
		return err
	}
	rooms := make([]*room, len(e.StandIns))
	var links strings.Builder
	for at, standIn := range e.StandIns {
		rooms[at] = newRoom(standIn.Name)
		if err := rooms[at].settings(); err != nil {
			return err
		}
		fmt.Fprintf(&links, "link add w%d type veth peer name eth0 netns %d\n", at, rooms[at].thread)
		links.WriteString(wire(at, standIn.Addresses))
	}
	if err := router.tool(links.String(), "ip", "-batch", "-"); err != nil {
		return err
	}
	if err := router.tool(e.Rules, "nft", "-f", "-"); err != nil {
		return err
	}
	for at, standIn := range e.StandIns {
		if err := rooms[at].tool(otherEnd(standIn.Addresses), "ip", "-batch", "-"); err != nil {
			return err
		}
		if err := rooms[at].listen(standIn.Addresses, e.Ports); err != nil {
			return err
		}
	}
	return json.NewEncoder(to).Encode(e.ask(rooms))
}

// The end of a wire at the router, which answers for everybody else.
func wire(at int, addresses []netip.Addr) string {
	text := fmt.Sprintf("link set w%d addrgenmode none up\naddr add 169.254.1.1/32 dev w%d\n", at, at)
	text += fmt.Sprintf("addr add fe80::1/64 dev w%d nodad\n", at)
	for _, address := range addresses {
		text += fmt.Sprintf("route add %s dev w%d\n", netip.PrefixFrom(address, address.BitLen()), at)
	}
	return text
}

// The other end.
func otherEnd(addresses []netip.Addr) string {
	text := "link set lo up\nlink set eth0 addrgenmode none up\naddr add fe80::2/64 dev eth0 nodad\n"
	for _, address := range addresses {
		text += fmt.Sprintf("addr add %s dev eth0 nodad\n", netip.PrefixFrom(address, address.BitLen()))
		if address.Is4() {
			text += "route replace default via 169.254.1.1 dev eth0 onlink src " + address.String() + "\n"
		} else {
			text += "route replace default via fe80::1 dev eth0 src " + address.String() + "\n"
		}
	}
	return text
}

// A router, which tells of everything that it refuses, however much that is.
var forwarding = []string{
	"ipv4/ip_forward=1", "ipv6/conf/all/forwarding=1",
	"ipv4/icmp_ratemask=0", "ipv6/icmp/ratelimit=0", "ipv6/icmp/ratemask=3",
}

// Asks everything, several callers at a time.
func (e experiment) ask(rooms []*room) []outcome {
	outcomes := make([]outcome, len(e.Questions))
	var wait sync.WaitGroup
	busy := make(chan struct{}, runtime.NumCPU())
	for from, room := range rooms {
		wait.Go(func() {
			busy <- struct{}{}
			defer func() { <-busy }()
			room.do(func() {
				for at, question := range e.Questions {
					if question.From == from {
						outcomes[at] = question.ask()
					}
				}
			})
		})
	}
	wait.Wait()
	return outcomes
}

// Asks from the namespace of the thread; whoever answers says its name.
func (q attempt) ask() outcome {
	kind, hello := syscall.SOCK_STREAM, ""
	if q.UDP {
		kind, hello = syscall.SOCK_DGRAM, "who?"
	}
	socket, err := syscall.Socket(family(q.To.Addr()), kind|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return outcome{Why: err.Error()}
	}
	defer syscall.Close(socket)
	// closed without a farewell, so that nothing of it stays
	_ = syscall.SetsockoptLinger(socket, syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1})
	limit := syscall.NsecToTimeval(int64(patience))
	_ = syscall.SetsockoptTimeval(socket, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &limit)
	_ = syscall.SetsockoptTimeval(socket, syscall.SOL_SOCKET, syscall.SO_SNDTIMEO, &limit)
	if err = again(func() error { return syscall.Connect(socket, socketAddress(q.To)) }); err == nil && q.UDP {
		err = again(func() error { _, err := syscall.Write(socket, []byte(hello)); return err })
	}
	answer, length := make([]byte, 256), 0
	if err == nil {
		err = again(func() error { length, err = syscall.Read(socket, answer); return err })
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return outcome{Why: refused}
	case err != nil:
		return outcome{Why: err.Error()}
	}
	return outcome{Who: string(answer[:length])}
}

const (
	refused = "refused"
	// how long an answer may take that is certain to come; whoever waits so long has found a fault of the lab
	patience = 10 * time.Second
)

func again(do func() error) error {
	for {
		if err := do(); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

func family(address netip.Addr) int {
	if address.Is4() {
		return syscall.AF_INET
	}
	return syscall.AF_INET6
}

func socketAddress(to netip.AddrPort) syscall.Sockaddr {
	if to.Addr().Is4() {
		return &syscall.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}
	}
	return &syscall.SockaddrInet6{Port: int(to.Port()), Addr: to.Addr().As16()}
}
