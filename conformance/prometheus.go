package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Claim 6: the real Prometheus, with what is rendered for it, on a real server, with stand-ins for all that it asks.

// The monitoring of one platform.
type monitoring struct {
	platform    platform
	objects     []unstructured.Unstructured
	stream      string
	dir         string
	programs    programs
	store       *store
	definitions []definition
	// Prometheus, as the description calls it, and the root of its pod
	own  component
	root *root
	// the value of every Secret
	secret string

	// once it runs in a cluster: the server, what is there, and Prometheus itself
	server    *server
	pods      []placed
	nodes     []machine
	targets   []measured
	exporters *exporters
	running   *process
	url       string
}

// Tries it on the flagship: first what promtool says of files, then what Prometheus does in a cluster.
func (j *judge) measures(ctx context.Context, platforms []platform, fault string, to *claim) error {
	m, err := j.monitoring(ctx, platforms, fault)
	if err != nil {
		return err
	}
	defer m.close()
	for _, step := range []func(context.Context, *claim) error{m.files, m.alarms, m.finds, m.measures} {
		if err := step(ctx, to); err != nil {
			return err
		}
		if len(to.faults) > 0 {
			return nil // what cannot be read cannot be judged
		}
	}
	return nil
}

func (m *monitoring) close() {
	if m.running != nil {
		m.running.stop()
	}
	if m.exporters != nil {
		m.exporters.close()
	}
	if m.server != nil {
		m.server.close()
	}
	_ = os.RemoveAll(m.dir)
}

// Renders the flagship for the minor that it is written for, puts the fault in, and lays Prometheus' files out.
func (j *judge) monitoring(ctx context.Context, platforms []platform, fault string) (*monitoring, error) {
	m := &monitoring{programs: j.programs, store: j.store, definitions: j.definitions, secret: rand.Text()}
	for _, platform := range platforms {
		if platform.name == "flagship" && platform.environment == "" && platform.minor == platform.own {
			m.platform = platform
		}
	}
	m.own = m.platform.one("prometheus")
	var err error
	if m.stream, err = m.platform.render(ctx, j.programs.platformgen); err != nil {
		return nil, err
	}
	if m.stream, err = spoil(m.stream, fault); err != nil {
		return nil, err
	}
	if m.objects, err = objects(m.stream); err != nil {
		return nil, err
	}
	if m.dir, err = os.MkdirTemp("", "platformgen-conformance-"); err != nil {
		return nil, err
	}
	if m.root, err = layOut(m.objects, "StatefulSet", m.own.namespace, m.own.name, m.dir, m.secret); err != nil {
		return nil, err
	}
	return m, m.configure()
}

// The configuration, as the arguments name it, with paths of this machine; its account has yet to log in.
func (m *monitoring) configure() error {
	if err := os.MkdirAll(m.root.path(accountPath), 0o755); err != nil {
		return err
	}
	for _, file := range []string{"token", "ca.crt"} {
		if err := os.WriteFile(filepath.Join(m.root.path(accountPath), file), nil, 0o600); err != nil {
			return err
		}
	}
	text, err := os.ReadFile(m.configuration())
	if err != nil {
		return err
	}
	return os.WriteFile(m.configuration(), []byte(m.root.here(string(text))), 0o644)
}

func (m *monitoring) configuration() string {
	for _, argument := range m.root.container.Args {
		if file, ok := strings.CutPrefix(argument, "--config.file="); ok {
			return m.root.path(file)
		}
	}
	return m.root.path("/etc/prometheus/prometheus.yml")
}

// The files of rules, which the configuration reads too.
func (m *monitoring) rules() ([]string, error) {
	files, err := filepath.Glob(m.root.path("/etc/prometheus/rules/*.yml"))
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("no rules are rendered")
	}
	return files, err
}

// What promtool says, and whether it is content.
func (m *monitoring) promtool(ctx context.Context, args ...string) (string, bool) {
	cmd := exec.CommandContext(ctx, filepath.Join(m.programs.others["prometheus"], "promtool"), args...)
	cmd.Dir = m.dir
	text, err := cmd.CombinedOutput()
	if len(text) == 0 && err != nil {
		return err.Error(), false
	}
	return string(text), err == nil
}

// What Prometheus reads, promtool accepts.
func (m *monitoring) files(ctx context.Context, to *claim) error {
	said, ok := m.promtool(ctx, "check", "config", "--lint=all", "--lint-fatal", m.configuration())
	to.holds(ok, "promtool refuses the configuration:\n%s", said)
	files, err := m.rules()
	if err != nil {
		return err
	}
	said, ok = m.promtool(ctx, append([]string{"check", "rules", "--lint=all", "--lint-fatal"}, files...)...)
	to.holds(ok, "promtool refuses the rules:\n%s", said)
	to.count("files of rules", len(files))
	return nil
}
