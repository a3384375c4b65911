package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// Programs of one run, by path.
type programs struct {
	platformgen string
	etcd        string
	// of each minor: kube-apiserver and kubectl
	servers string
	// directories of the programs that the platform is made of, by name
	others map[string]string
}

func (p programs) of(minor, name string) string { return filepath.Join(p.servers, minor, name) }

// A process that this run started. It dies with this run, however that ends.
type process struct {
	name string
	cmd  *exec.Cmd
	log  *os.File
	done chan struct{}
}

// The thread that starts what lives longer than a claim. A process dies with the thread that started it, and any other may
// become that of a node, and end with it.
var home = sync.OnceValue(func() *room { return newRoom("home") })

func start(dir, path string, args ...string) (p *process, err error) {
	cmd := exec.Command(path, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "HOME="+dir)
	home().do(func() { p, err = launch(filepath.Join(dir, filepath.Base(path)+".log"), cmd) })
	return p, err
}

// Starts it from this thread, with which it dies.
func launch(file string, cmd *exec.Cmd) (*process, error) {
	name := filepath.Base(cmd.Path)
	log, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = log, log
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	p := &process{name: name, cmd: cmd, log: log, done: make(chan struct{})}
	go func() { _ = cmd.Wait(); close(p.done) }()
	return p, nil
}

func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(5 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
	_ = p.log.Close()
}

// The last lines that the process wrote, for whoever must find out why it failed.
func (p *process) tail() string {
	text, _ := os.ReadFile(p.log.Name())
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-12):], "\n")
}

// The store of all servers of a run; each has its own prefix there.
type store struct {
	*process
	url string
}

func startStore(ctx context.Context, dir string, programs programs) (*store, error) {
	ports, err := freePorts(2)
	if err != nil {
		return nil, err
	}
	client, peer := "http://127.0.0.1:"+ports[0], "http://127.0.0.1:"+ports[1]
	p, err := start(dir, programs.etcd,
		"--data-dir="+filepath.Join(dir, "etcd"), "--unsafe-no-fsync", "--log-level=warn",
		"--listen-client-urls="+client, "--advertise-client-urls="+client,
		"--listen-peer-urls="+peer, "--initial-advertise-peer-urls="+peer, "--initial-cluster=default="+peer)
	if err != nil {
		return nil, err
	}
	if err := p.answers(ctx, http.DefaultClient, client+"/health"); err != nil {
		p.stop()
		return nil, err
	}
	return &store{process: p, url: client}, nil
}

// An API server of its own, empty, with all default admission plugins, Pod Security and RBAC.
type server struct {
	*process
	minor      string
	dir        string
	kubectl    string
	kubeconfig string
	config     *rest.Config
	client     kubernetes.Interface
	dynamic    dynamic.Interface
	authority  *authority
	network    *network
}

const serviceRange = "10.96.0.0/16"

func startServer(ctx context.Context, name, minor string, store *store, programs programs) (*server, error) {
	dir, err := os.MkdirTemp("", "platformgen-conformance-")
	if err != nil {
		return nil, err
	}
	authority, err := newAuthority("conformance")
	if err != nil {
		return nil, err
	}
	if err := writeCertificates(dir, authority); err != nil {
		return nil, err
	}
	network, err := newNetwork(dir, authority)
	if err != nil {
		return nil, err
	}
	s := &server{minor: minor, dir: dir, kubectl: programs.of(minor, "kubectl"), authority: authority, network: network}
	ports, err := freePorts(1)
	if err != nil {
		return nil, err
	}
	file := func(name string) string { return filepath.Join(dir, name) }
	s.process, err = start(dir, programs.of(minor, "kube-apiserver"),
		"--etcd-servers="+store.url, "--etcd-prefix=/"+name,
		"--bind-address=127.0.0.1", "--secure-port="+ports[0],
		"--advertise-address=192.0.2.1", "--endpoint-reconciler-type=none",
		"--tls-cert-file="+file("server.crt"), "--tls-private-key-file="+file("server.key"),
		"--client-ca-file="+file("ca.crt"),
		"--requestheader-client-ca-file="+file("front-ca.crt"), "--requestheader-allowed-names=front-proxy",
		"--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file="+file("front.crt"), "--proxy-client-key-file="+file("front.key"),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file="+file("accounts.key"), "--service-account-signing-key-file="+file("accounts.key"),
		"--service-cluster-ip-range="+serviceRange,
		"--authorization-mode=Node,RBAC",
		"--egress-selector-config-file="+network.configuration,
	)
	if err != nil {
		return nil, err
	}
	if err := s.connect("https://127.0.0.1:" + ports[0]); err != nil {
		s.close()
		return nil, err
	}
	client, err := rest.HTTPClientFor(s.config)
	if err == nil {
		err = s.answers(ctx, client, s.config.Host+"/readyz")
	}
	if err != nil {
		s.close()
		return nil, err
	}
	network.services = s.client
	return s, nil
}

func (s *server) connect(url string) error {
	s.kubeconfig = filepath.Join(s.dir, "kubeconfig")
	if err := os.WriteFile(s.kubeconfig, []byte(kubeconfig(s.dir, url, "client-certificate: admin.crt, client-key: admin.key")), 0o600); err != nil {
		return err
	}
	s.config = &rest.Config{Host: url, QPS: -1, WarningHandler: rest.NoWarnings{}, TLSClientConfig: rest.TLSClientConfig{
		CAFile:   filepath.Join(s.dir, "ca.crt"),
		CertFile: filepath.Join(s.dir, "admin.crt"), KeyFile: filepath.Join(s.dir, "admin.key"),
	}}
	var err error
	if s.client, err = kubernetes.NewForConfig(s.config); err != nil {
		return err
	}
	s.dynamic, err = dynamic.NewForConfig(s.config)
	return err
}

func kubeconfig(dir, url, user string) string {
	return fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: conformance
clusters: [{name: conformance, cluster: {server: %q, certificate-authority: %q}}]
users: [{name: conformance, user: {%s}}]
contexts: [{name: conformance, context: {cluster: conformance, user: conformance}}]
`, url, filepath.Join(dir, "ca.crt"), user)
}

func (s *server) close() {
	if s.process != nil {
		s.stop()
	}
	s.network.close()
	_ = os.RemoveAll(s.dir)
}

// What kubectl said, and how it ended.
type said struct {
	out, err string
	code     int
}

// Runs kubectl as an administrator, with nothing of the user's own configuration.
func (s *server) run(ctx context.Context, stdin string, args ...string) (said, error) {
	cmd := exec.CommandContext(ctx, s.kubectl, args...)
	cmd.Dir, cmd.Stdin = s.dir, strings.NewReader(stdin)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "KUBECONFIG=" + s.kubeconfig, "KUBECTL_EXTERNAL_DIFF=diff -u -N"}
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = nil
	}
	return said{out: out.String(), err: errs.String(), code: cmd.ProcessState.ExitCode()}, err
}

// Waits until the process answers well at the address; one that ended never will.
func (p *process) answers(ctx context.Context, client *http.Client, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		if response, err := client.Do(request); err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s ended:\n%s", p.name, p.tail())
		case <-ctx.Done():
			return fmt.Errorf("%s never answered:\n%s", p.name, p.tail())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func freePorts(count int) ([]string, error) {
	var ports []string
	for range count {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer listener.Close()
		ports = append(ports, strconv.Itoa(listener.Addr().(*net.TCPAddr).Port))
	}
	return ports, nil
}
