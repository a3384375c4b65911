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

// Tries it on every platform that has it: first what promtool says of files, then what Prometheus does in a cluster. A
// fault is put into the flagship, for which there are scenes.
func (j *judge) measures(ctx context.Context, platforms []platform, fault string, to *claim) error {
	tried := 0
	for _, platform := range platforms {
		isFlagship := platform.name == "flagship" && platform.environment == ""
		if platform.minor != platform.own || platform.one("prometheus").name == "" || fault != "" && !isFlagship {
			continue
		}
		found := &claim{}
		m, err := j.monitoring(ctx, platform, fault)
		if err == nil {
			err = m.tried(ctx, j, fault, isFlagship, found)
			m.close()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", platform.title(), err)
		}
		to.take(platform.title(), found)
		tried++
	}
	to.count("platforms", tried)
	return nil
}

func (m *monitoring) tried(ctx context.Context, j *judge, fault string, isFlagship bool, to *claim) error {
	in := whereIs(fault)
	if in == unspoilt || in == inFiles {
		if err := m.files(ctx, to); err != nil {
			return err
		}
		if isFlagship && len(to.faults) == 0 {
			if err := m.alarms(ctx, to); err != nil {
				return err
			}
		}
	}
	if in == inFiles || len(to.faults) > 0 {
		return nil // what cannot be read cannot be judged
	}
	if err := j.populated(ctx, m, in == inRights || !isFlagship); err != nil {
		return err
	}
	if m.world != j.world {
		defer m.world.close()
	}
	if err := m.finds(ctx, to); err != nil || len(to.faults) > 0 {
		return err
	}
	return m.measures(ctx, to)
}

// Puts it into a cluster of its own, or into the one that others share whose faults are not in what the server gets.
func (j *judge) populated(ctx context.Context, m *monitoring, own bool) (err error) {
	if own {
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

// Renders it, puts the fault in, and lays Prometheus' files out.
func (j *judge) monitoring(ctx context.Context, of platform, fault string) (*monitoring, error) {
	m := &monitoring{platform: of, programs: j.programs, secret: rand.Text(), patience: time.Minute}
	if fault != "" {
		m.patience = 5 * time.Second
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
