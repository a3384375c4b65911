package main

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// A network namespace, and the thread that lives in it: what is done there is done by that thread. It is gone when the
// process is.
type room struct {
	name   string
	thread int
	wanted chan func()
}

func newRoom(name string) *room {
	r := &room{name: name, wanted: make(chan func())}
	go func() {
		runtime.LockOSThread()
		for do := range r.wanted {
			do()
		}
	}()
	r.do(func() { r.thread = syscall.Gettid() })
	return r
}

func (r *room) do(what func()) {
	done := make(chan struct{})
	r.wanted <- func() { defer close(done); what() }
	<-done
}

// Makes it a namespace of its own, with these settings of `/proc/sys/net`.
func (r *room) settings(all ...string) (err error) {
	r.do(func() {
		if err = syscall.Unshare(syscall.CLONE_NEWNET); err != nil {
			return
		}
		for _, setting := range all {
			name, value, _ := strings.Cut(setting, "=")
			if err = os.WriteFile(filepath.Join("/proc/sys/net", name), []byte(value), 0o600); err != nil {
				return
			}
		}
	})
	return err
}

// Runs a program there.
func (r *room) tool(input, name string, args ...string) (err error) {
	r.do(func() {
		cmd := exec.Command(name, args...)
		cmd.Stdin = strings.NewReader(input)
		var out []byte
		if out, err = cmd.CombinedOutput(); err != nil {
			err = fmt.Errorf("%s in %s: %w\n%s\n%s", name, r.name, err, out, input)
		}
	})
	return err
}

// Answers everybody at these addresses and ports with its name.
func (r *room) listen(addresses []netip.Addr, ports []int) (err error) {
	r.do(func() {
		for _, address := range addresses {
			for _, port := range ports {
				at := netip.AddrPortFrom(address, uint16(port))
				var tcp net.Listener
				if tcp, err = net.ListenTCP("tcp", net.TCPAddrFromAddrPort(at)); err != nil {
					return
				}
				go r.greet(tcp)
				var udp *net.UDPConn
				if udp, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(at)); err != nil {
					return
				}
				go r.echo(udp)
			}
		}
	})
	return err
}

func (r *room) greet(at net.Listener) {
	for {
		caller, err := at.Accept()
		if err != nil {
			return
		}
		_, _ = caller.Write([]byte(r.name))
		_ = caller.Close()
	}
}

func (r *room) echo(at *net.UDPConn) {
	question := make([]byte, 16)
	for {
		_, from, err := at.ReadFromUDPAddrPort(question)
		if err != nil {
			return
		}
		_, _ = at.WriteToUDPAddrPort([]byte(r.name), from)
	}
}
