package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// A thread with a network and mounts of its own. What runs there has the addresses, names, ports, paths and users that
// are rendered, and none of it is left when the thread ends, however that comes.
type node struct {
	dir       string
	work      chan func()
	authority *authority
	// the address of each name
	hosts     map[string]string
	processes []*process
	listeners []net.Listener
}

func newNode() (*node, error) {
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("networks and mounts of our own need root")
	}
	dir, err := os.MkdirTemp("", "platformgen-conformance-")
	if err != nil {
		return nil, err
	}
	authority, err := newAuthority("the world")
	if err != nil {
		return nil, err
	}
	n := &node{dir: dir, work: make(chan func()), authority: authority, hosts: map[string]string{}}
	go n.serve()
	if err := n.in(isolate); err != nil {
		n.close()
		return nil, err
	}
	return n, nil
}

// Never lets go of its thread, which therefore ends with it.
func (n *node) serve() {
	runtime.LockOSThread()
	for work := range n.work {
		work()
	}
}

// Does something in this network and with these mounts.
func (n *node) in(do func() error) error {
	done := make(chan error)
	n.work <- func() { done <- do() }
	return <-done
}

func isolate() error {
	if err := unix.Unshare(unix.CLONE_NEWNS | unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("a network of our own: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("mounts of our own: %w", err)
	}
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(socket)
	loopback, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	loopback.SetUint16(unix.IFF_UP)
	return unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, loopback)
}

// The directory is removed from outside: within, it has mounts of what is not ours.
func (n *node) close() {
	for _, process := range n.processes {
		process.stop()
	}
	for _, listener := range n.listeners {
		_ = listener.Close()
	}
	close(n.work)
	_ = os.RemoveAll(n.dir)
}

func (n *node) listen(address string) (net.Listener, error) {
	var listener net.Listener
	err := n.in(func() (err error) {
		listener, err = net.Listen("tcp", address)
		return err
	})
	if err == nil {
		n.listeners = append(n.listeners, listener)
	}
	return listener, err
}

// Connects to a name of this node.
func (n *node) dial(ctx context.Context, _, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	ip, known := n.hosts[host]
	if !known && net.ParseIP(host) == nil {
		return nil, fmt.Errorf("nobody is %s", host)
	}
	if !known {
		ip = host
	}
	var conn net.Conn
	err = n.in(func() (err error) {
		conn, err = (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(ip, port))
		return err
	})
	return conn, err
}

// Asks what runs on this node.
func (n *node) client() *http.Client {
	roots := x509.NewCertPool()
	roots.AddCert(n.authority.cert)
	return &http.Client{Transport: &http.Transport{
		DialContext: n.dial, DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots},
	}}
}
