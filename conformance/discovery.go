package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// In the cluster that is rendered, with the account that is rendered, Prometheus finds what is declared and nothing else.
func (m *monitoring) finds(ctx context.Context, to *claim) error {
	if err := m.populate(ctx); err != nil {
		return err
	}
	m.targets = m.platform.targets(m.pods, m.nodes)
	var err error
	if m.exporters, err = m.standIns(); err != nil {
		return err
	}
	if err := m.start(ctx); err != nil {
		return err
	}
	to.count("targets", len(m.targets))
	return m.compares(ctx, to)
}

// A server with the platform on it, whose pods run, beside strangers.
func (m *monitoring) populate(ctx context.Context) error {
	var err error
	if m.server, err = startServer(ctx, "m"+rand.Text(), m.platform.minor, m.store, m.programs); err != nil {
		return err
	}
	if err := m.server.define(ctx, m.definitions, m.objects); err != nil {
		return err
	}
	m.server.play(ctx)
	applied := &claim{}
	if err := m.server.applies(ctx, m.stream, m.objects, applied); err != nil {
		return err
	}
	if len(applied.faults) > 0 {
		return errors.New(strings.Join(applied.faults, "\n"))
	}
	var from loopback
	if m.nodes, err = m.server.makeNodes(ctx, &from); err != nil {
		return err
	}
	if m.pods, err = m.server.runPods(ctx, m.nodes, &from); err != nil {
		return err
	}
	service := m.platform.one("web-service")
	return m.server.runStrangers(ctx, service.namespace, service.name, m.nodes[0].Name, &from)
}

// The address of the first pod of a workload.
func (m *monitoring) address(of component) string {
	for _, pod := range m.pods {
		if pod.Namespace == of.namespace && pod.Workload == of.name {
			return pod.Address
		}
	}
	return ""
}

// Starts Prometheus as its pod would, logged in as the pod's account.
func (m *monitoring) start(ctx context.Context) error {
	pod, err := m.server.client.CoreV1().Pods(m.own.namespace).Get(ctx, m.own.name+"-0", metav1.GetOptions{})
	if err != nil {
		return err
	}
	token, err := m.server.client.CoreV1().ServiceAccounts(m.own.namespace).CreateToken(
		ctx, pod.Spec.ServiceAccountName, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	account := m.root.path(accountPath)
	for file, text := range map[string]string{
		filepath.Join(account, "token"):  token.Status.Token,
		filepath.Join(account, "ca.crt"): string(m.server.authority.pem),
		m.cluster():                      kubeconfig(account, m.server.config.Host, fmt.Sprintf("tokenFile: %q", filepath.Join(account, "token"))),
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return err
		}
	}
	if err := m.adapt(); err != nil {
		return err
	}
	var args []string
	for _, argument := range m.root.container.Args {
		args = append(args, m.root.here(argument))
	}
	listen := m.address(m.own) + ":9090"
	m.url = "http://" + listen
	program := filepath.Join(m.programs.others["prometheus"], "prometheus")
	if m.running, err = start(m.dir, program, append(args, "--web.listen-address="+listen)...); err != nil {
		return err
	}
	return m.running.answers(ctx, http.DefaultClient, m.url+"/-/ready")
}

// Where the API server is, for who is not within its cluster.
func (m *monitoring) cluster() string { return filepath.Join(m.dir, "kubeconfig") }

var pace = regexp.MustCompile(`(?m)^(\s+(?:interval|for): )\S+$`)

// Adapts the configuration to this machine: Prometheus finds the server by a file, as it is not within the cluster, and
// Alertmanager by its address, as there is no DNS; and time flies, a second for each interval and each patience.
func (m *monitoring) adapt() error {
	text, err := os.ReadFile(m.configuration())
	if err != nil {
		return err
	}
	said := map[string]any{}
	if err := yaml.Unmarshal(text, &said); err != nil {
		return err
	}
	maps.Copy(table(said, "global"), map[string]any{"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"})
	for _, job := range list(said, "scrape_configs") {
		for _, discovery := range list(job, "kubernetes_sd_configs") {
			discovery.(map[string]any)["kubeconfig_file"] = m.cluster()
		}
	}
	alertmanager := m.platform.one("alertmanager")
	host := fmt.Sprintf("%s-0.%s-headless.%s.svc.cluster.local", alertmanager.name, alertmanager.name, alertmanager.namespace)
	adapted, err := yaml.Marshal(said)
	if err != nil {
		return err
	}
	adapted = []byte(strings.ReplaceAll(string(adapted), host, m.address(alertmanager)))
	if err := os.WriteFile(m.configuration(), adapted, 0o600); err != nil {
		return err
	}
	files, err := m.rules()
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(file, pace.ReplaceAll(text, []byte("${1}1s")), 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func list(of any, key string) []any {
	table, _ := of.(map[string]any)
	found, _ := table[key].([]any)
	return found
}

// Asks Prometheus.
func (m *monitoring) ask(ctx context.Context, path string, values url.Values, answer any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, m.url+"/api/v1/"+path+"?"+values.Encode(), nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s", path, values.Encode(), text)
	}
	said := struct{ Data any }{answer}
	return json.Unmarshal(text, &said)
}

// A target as Prometheus says that it is.
type found struct {
	ScrapeURL, Health, LastError string
	Labels                       map[string]string
}

func (m *monitoring) active(ctx context.Context) ([]found, error) {
	var said struct{ ActiveTargets []found }
	err := m.ask(ctx, "targets", url.Values{"state": {"active"}}, &said)
	return said.ActiveTargets, err
}

func (t measured) id() string { return t.url + " " + labelled(t.labels) }
func (f found) id() string    { return f.ScrapeURL + " " + labelled(f.Labels) }

func labelled(labels map[string]string) string {
	var text []string
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		text = append(text, name+"="+labels[name])
	}
	return strings.Join(text, ",")
}

// Compares what is found with what there is, once all of it has been found or for half a minute in vain.
func (m *monitoring) compares(ctx context.Context, to *claim) error {
	wanted := map[string]bool{}
	for _, target := range m.targets {
		wanted[target.id()] = true
	}
	patience := time.Now().Add(30 * time.Second)
	for {
		active, err := m.active(ctx)
		if err != nil {
			return err
		}
		got := map[string]bool{}
		for _, target := range active {
			got[target.id()] = true
		}
		missing, other := without(wanted, got), without(got, wanted)
		if len(missing) > 0 && time.Now().Before(patience) && ctx.Err() == nil {
			time.Sleep(200 * time.Millisecond)
			continue
		}
		to.holds(len(missing) == 0, "Prometheus does not find\n%s", strings.Join(missing, "\n"))
		to.holds(len(other) == 0, "Prometheus finds what nobody declares:\n%s", strings.Join(other, "\n"))
		return ctx.Err()
	}
}

func without(these, those map[string]bool) []string {
	var found []string
	for _, one := range slices.Sorted(maps.Keys(these)) {
		if !those[one] {
			found = append(found, one)
		}
	}
	return found
}
