package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// The network of the cluster as the API server sees it: it asks for the address of a Service, and what answers is a
// stand-in on loopback. Only Services that exist, at ports that they have, can be reached.
type network struct {
	configuration string
	services      kubernetes.Interface
	authority     *authority

	mu           sync.Mutex
	certificates map[string]*tls.Certificate
	// which Service a connection is for, by the address that it comes from
	dialed map[string]string
	// how often a Service was asked
	asked     map[string]int
	listeners []net.Listener
	backend   string
}

const egress = `apiVersion: apiserver.k8s.io/v1beta1
kind: EgressSelectorConfiguration
egressSelections:
- name: cluster
  connection:
    proxyProtocol: HTTPConnect
    transport: {uds: {udsName: %q}}
`

func newNetwork(dir string, authority *authority) (*network, error) {
	n := &network{authority: authority, certificates: map[string]*tls.Certificate{}, dialed: map[string]string{}, asked: map[string]int{}}
	n.configuration = filepath.Join(dir, "egress.yaml")
	socket := filepath.Join(dir, "egress.sock")
	if err := os.WriteFile(n.configuration, fmt.Appendf(nil, egress, socket), 0o600); err != nil {
		return nil, err
	}
	proxy, err := net.Listen("unix", socket)
	if err != nil {
		return nil, err
	}
	back, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{GetCertificate: n.certificate})
	if err != nil {
		return nil, err
	}
	n.listeners, n.backend = []net.Listener{proxy, back}, back.Addr().String()
	// callers that come before their authority is injected are no news
	quiet := &http.Server{Handler: http.HandlerFunc(n.answer), ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = quiet.Serve(back) }()
	go n.serve(proxy)
	return n, nil
}

func (n *network) close() {
	for _, listener := range n.listeners {
		_ = listener.Close()
	}
}

// Gives the Service of this name a certificate for these hosts.
func (n *network) equip(service string, hosts []string) error {
	certificate, err := n.authority.serving(hosts)
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.certificates[service] = certificate
	return nil
}

func (n *network) askedTimes() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	total := 0
	for _, times := range n.asked {
		total += times
	}
	return total
}

func (n *network) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	service := n.dialed[hello.Conn.RemoteAddr().String()]
	if certificate, ok := n.certificates[service]; ok {
		return certificate, nil
	}
	return nil, fmt.Errorf("no certificate for %q", service)
}

func (n *network) serve(proxy net.Listener) {
	for {
		conn, err := proxy.Accept()
		if err != nil {
			return
		}
		go n.tunnel(conn)
	}
}

func (n *network) tunnel(conn net.Conn) {
	defer conn.Close()
	reader := bufio.NewReader(conn)
	request, err := http.ReadRequest(reader)
	if err != nil || request.Method != http.MethodConnect {
		return
	}
	service, err := n.known(request.Host)
	if err != nil {
		fmt.Fprintf(conn, "HTTP/1.1 502 %s\r\n\r\n", err)
		return
	}
	back, err := net.Dial("tcp", n.backend)
	if err != nil {
		return
	}
	defer back.Close()
	n.mu.Lock()
	n.dialed[back.LocalAddr().String()] = service
	n.mu.Unlock()
	fmt.Fprint(conn, "HTTP/1.1 200 OK\r\n\r\n")
	go func() { _, _ = io.Copy(back, reader); _ = back.Close() }()
	_, _ = io.Copy(conn, back)
}

// The Service with this address and port.
func (n *network) known(address string) (string, error) {
	services, err := n.services.CoreV1().Services("").List(context.Background(), metav1.ListOptions{})
	if err != nil {
		return "", err
	}
	for _, service := range services.Items {
		name := service.Name + "." + service.Namespace + ".svc"
		for _, port := range service.Spec.Ports {
			number := fmt.Sprint(port.Port)
			if address == name+":"+number || address == net.JoinHostPort(service.Spec.ClusterIP, number) {
				return name, nil
			}
		}
	}
	return "", fmt.Errorf("no service at %s", address)
}

// Plays every webhook, which finds nothing wrong, and every aggregated API, which has no resources.
func (n *network) answer(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	n.asked[n.dialed[r.RemoteAddr]]++
	n.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	switch parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/"); {
	case r.Method == http.MethodPost:
		var review struct {
			APIVersion string `json:"apiVersion"`
			Kind       string `json:"kind"`
			Request    struct {
				UID string `json:"uid"`
			} `json:"request"`
		}
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{
			"apiVersion": review.APIVersion, "kind": review.Kind,
			"response": map[string]any{"uid": review.Request.UID, "allowed": true},
		})
	case len(parts) == 3 && parts[0] == "apis":
		list := metav1.APIResourceList{GroupVersion: parts[1] + "/" + parts[2], APIResources: []metav1.APIResource{}}
		list.Kind, list.APIVersion = "APIResourceList", "v1"
		_ = json.NewEncoder(w).Encode(list)
	default:
		http.NotFound(w, r)
	}
}
