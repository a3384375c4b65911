package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
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
	user := fmt.Sprintf("tokenFile: %q", filepath.Join(account, "token"))
	for file, text := range map[string]string{
		filepath.Join(account, "token"):  token.Status.Token,
		filepath.Join(account, "ca.crt"): string(m.server.authority.pem),
		m.access():                       kubeconfig(account, m.server.config.Host, user),
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return err
		}
	}
	if err := m.adapt(); err != nil {
		return err
	}
	listen := m.address(m.own) + ":9090"
	// an alert that comes before its Alertmanager is found is lost, and comes again after a minute
	args := []string{"--web.listen-address=" + listen, "--rules.alert.resend-delay=1s"}
	for _, argument := range m.root.container.Args {
		args = append(args, m.root.here(argument))
	}
	m.url = "http://" + listen
	program := filepath.Join(m.programs.others["prometheus"], "prometheus")
	if m.running, err = start(m.dir, program, args...); err != nil {
		return err
	}
	return m.running.answers(ctx, http.DefaultClient, m.url+"/-/ready")
}

// Where the API server is, for who is not within its cluster.
func (m *monitoring) access() string { return filepath.Join(m.dir, "kubeconfig") }

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
	for _, interval := range []string{"scrape_interval", "scrape_timeout", "evaluation_interval"} {
		table(said, "global")[interval] = "1s"
	}
	for _, job := range list(said, "scrape_configs") {
		for _, discovery := range list(job, "kubernetes_sd_configs") {
			discovery.(map[string]any)["kubeconfig_file"] = m.access()
		}
	}
	adapted, err := yaml.Marshal(said)
	if err != nil {
		return err
	}
	if err := os.WriteFile(m.configuration(), m.resolved(adapted), 0o600); err != nil {
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

// The text with each name of an Alertmanager's pod as its address.
func (m *monitoring) resolved(text []byte) []byte {
	of := m.platform.one("alertmanager")
	for _, pod := range m.pods {
		if pod.Namespace == of.namespace && pod.Workload == of.name {
			name := regexp.MustCompile(regexp.QuoteMeta(pod.Name+"."+of.name+"-headless."+of.namespace) + `\.svc[a-z.0-9]*`)
			text = name.ReplaceAll(text, []byte(pod.Address))
		}
	}
	return text
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

// Compares what is found with what there is, once all of it has been found or as long as there is more and more of it.
func (m *monitoring) compares(ctx context.Context, to *claim) error {
	wanted := map[string]bool{}
	for _, target := range m.targets {
		wanted[target.id()] = true
	}
	var missing, other []string
	err := m.await(ctx, func() (int, error) {
		active, err := m.active(ctx)
		got := map[string]bool{}
		for _, target := range active {
			got[target.id()] = true
		}
		missing, other = without(wanted, got), without(got, wanted)
		return len(missing), err
	})
	to.holds(len(missing) == 0, "Prometheus does not find\n%s", strings.Join(missing, "\n"))
	to.holds(len(other) == 0, "Prometheus finds what nobody declares:\n%s", strings.Join(other, "\n"))
	return err
}

// Tries until nothing is left to do, or no less for longer than our patience lasts.
func (m *monitoring) await(ctx context.Context, left func() (int, error)) error {
	least, since := math.MaxInt, time.Now()
	for {
		many, err := left()
		if err != nil || many == 0 {
			return err
		}
		if many < least {
			least, since = many, time.Now()
		}
		if time.Since(since) > m.patience {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
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
