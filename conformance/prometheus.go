package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Claim 6: the real Prometheus, with what is rendered for it, on a real server, with stand-ins for all that it asks.

// The monitoring of one platform.
type monitoring struct {
	platform platform
	objects  []unstructured.Unstructured
	stream   string
	dir      string
	programs programs
	// Prometheus, as the description calls it, and the root of its pod
	own  component
	root *root
	// the value of every Secret
	secret string

	// how long nothing may come before what is awaited counts as never
	patience time.Duration

	// once it runs in a cluster: what is there, who answers for it, and Prometheus itself
	*world
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
	if of := whereIs(fault); of == unspoilt || of == inFiles {
		if err := m.inTurn(ctx, to, m.files, m.alarms); err != nil || of == inFiles {
			return err
		}
	}
	if len(to.faults) > 0 {
		return nil
	}
	if err := j.populated(ctx, m, fault); err != nil {
		return err
	}
	if whereIs(fault) == inRights {
		defer m.world.close()
	}
	return m.inTurn(ctx, to, m.finds, m.measures)
}

// One step after another, until something does not hold: what cannot be read cannot be judged.
func (m *monitoring) inTurn(ctx context.Context, to *claim, steps ...func(context.Context, *claim) error) error {
	for _, step := range steps {
		if err := step(ctx, to); err != nil || len(to.faults) > 0 {
			return err
		}
	}
	return nil
}

// Puts it into a cluster: one of its own if the fault is in what the server gets, and the one of all others if not.
func (j *judge) populated(ctx context.Context, m *monitoring, fault string) (err error) {
	if whereIs(fault) == inRights {
		m.world, err = j.populate(ctx, m.platform, m.stream)
		return err
	}
	if j.world == nil {
		stream, err := m.platform.render(ctx, j.programs.platformgen)
		if err != nil {
			return err
		}
		if j.world, err = j.populate(ctx, m.platform, stream); err != nil {
			return err
		}
	}
	m.world = j.world
	return nil
}

func (m *monitoring) close() {
	if m.running != nil {
		m.running.stop()
	}
	if m.exporters != nil {
		m.exporters.close()
	}
	_ = os.RemoveAll(m.dir)
}

// Renders the flagship for the minor that it is written for, puts the fault in, and lays Prometheus' files out.
func (j *judge) monitoring(ctx context.Context, platforms []platform, fault string) (*monitoring, error) {
	m := &monitoring{programs: j.programs, secret: rand.Text(), patience: 30 * time.Second}
	if fault != "" {
		m.patience = 5 * time.Second
	}
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
		m.close()
		return nil, err
	}
	if err := m.configure(); err != nil {
		m.close()
		return nil, err
	}
	return m, nil
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
