package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// What is asked of Prometheus once it measures: its own rules, dashboards and the adapter of autoscalers get answers.

// A question to Prometheus, which says what is wrong with the answer.
type query struct {
	of  string
	ask func(ctx context.Context) error
}

// Everything that is found answers, and everybody who asks gets an answer.
func (m *monitoring) measures(ctx context.Context, to *claim) error {
	rules, err := m.rendered()
	if err != nil {
		return err
	}
	questions := []query{
		{"every target answers", m.up},
		{"every rule can be evaluated", m.evaluates},
		{"alerts ring for what the stand-ins tell", m.alarmed},
	}
	if m.platform.one("alertmanager").name != "" {
		questions = append(questions, query{"Alertmanager hears the heartbeat", m.isHeard})
	}
	records := 0
	for _, rule := range rules {
		if rule.Record != "" {
			records++
			questions = append(questions, m.hasData("recording rule", rule.Record))
		}
	}
	panels, err := m.panels(ctx)
	if err != nil {
		return err
	}
	scalers, err := m.scalers()
	if err != nil {
		return err
	}
	to.count("recording rules", records)
	to.count("queries of dashboards", len(panels))
	to.count("metrics of autoscalers", len(scalers))
	if err := m.allAnswered(ctx, slices.Concat(questions, panels, scalers), to); err != nil {
		return err
	}
	// by now there would be what must not be
	err = m.forgets(ctx)
	to.holds(err == nil, "what belongs to others is kept: %v", err)
	return m.compares(ctx, to)
}

// Asks until there is an answer to everything, or as long as more and more is answered.
func (m *monitoring) allAnswered(ctx context.Context, open []query, to *claim) error {
	var wrong map[string]error
	err := m.await(ctx, func() (int, error) {
		var still []query
		wrong = map[string]error{}
		for _, query := range open {
			if err := query.ask(ctx); err != nil {
				still, wrong[query.of] = append(still, query), err
			}
		}
		open = still
		return len(open), ctx.Err()
	})
	for _, of := range slices.Sorted(maps.Keys(wrong)) {
		to.holds(false, "never: %s: %v", of, wrong[of])
	}
	return err
}

func (m *monitoring) up(ctx context.Context) error {
	active, err := m.active(ctx)
	if err != nil {
		return err
	}
	var down []error
	for _, target := range active {
		if target.Health != "up" {
			down = append(down, fmt.Errorf("%s: %s", target.id(), target.LastError))
		}
	}
	return errors.Join(down...)
}

func (m *monitoring) evaluates(ctx context.Context) error {
	var said struct {
		Groups []struct {
			Rules []struct{ Name, Health, LastError string }
		}
	}
	if err := m.ask(ctx, "rules", nil, &said); err != nil {
		return err
	}
	var ill []error
	for _, group := range said.Groups {
		for _, rule := range group.Rules {
			if rule.Health != "ok" {
				ill = append(ill, fmt.Errorf("%s is %s: %s", rule.Name, rule.Health, rule.LastError))
			}
		}
	}
	return errors.Join(ill...)
}

// Alertmanager is told, with the labels that say by whom.
func (m *monitoring) isHeard(context.Context) error {
	labels := map[string]string{"cluster": m.platform.prefix}
	if stage, said := m.platform.stage.(string); said {
		labels["environment"] = stage
	}
	return m.exporters.heard(heartbeat, labels)
}

// What the stand-ins tell that somebody should hear of.
var troubles = []string{
	"AlertmanagerNotificationsFailing", "ContainerOOMKilled", "DeploymentReplicasMismatch", "PodCrashLooping", heartbeat,
}

// Exactly the alerts ring that should.
func (m *monitoring) alarmed(ctx context.Context) error {
	samples, err := m.instant(ctx, `count by (alertname) (ALERTS{alertstate="firing"})`)
	if err != nil {
		return err
	}
	var got []string
	for _, sample := range samples {
		got = append(got, sample.Metric["alertname"])
	}
	rules, err := m.rendered()
	if err != nil {
		return err
	}
	var wanted []string
	for _, name := range troubles {
		if slices.ContainsFunc(rules, func(rule rule) bool { return rule.Alert == name }) {
			wanted = append(wanted, name)
		}
	}
	if slices.Sort(got); !slices.Equal(got, wanted) {
		return fmt.Errorf("%v ring, not %v", got, wanted)
	}
	return nil
}

// Series of other namespaces, and sums over whole pods, are not kept.
func (m *monitoring) forgets(ctx context.Context) error {
	for _, query := range []string{`{namespace="kube-system"}`, `container_memory_working_set_bytes{container=""}`} {
		samples, err := m.instant(ctx, query)
		if err != nil {
			return err
		}
		if len(samples) > 0 {
			return fmt.Errorf("%s has %d series", query, len(samples))
		}
	}
	return nil
}

// A sample of an instant answer.
type sample struct {
	Metric map[string]string
	Value  [2]any
}

func (m *monitoring) instant(ctx context.Context, query string) ([]sample, error) {
	var said struct{ Result []sample }
	err := m.ask(ctx, "query", url.Values{"query": {query}}, &said)
	return said.Result, err
}

// A query that must have data, in one series at least.
func (m *monitoring) hasData(of, expr string) query {
	return query{of + ": " + expr, func(ctx context.Context) error {
		samples, err := m.instant(ctx, expr)
		if err != nil {
			return err
		}
		for _, sample := range samples {
			text, _ := sample.Value[1].(string)
			if value, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(value) {
				return nil
			}
		}
		return fmt.Errorf("no data in %d series", len(samples))
	}}
}

func (m *monitoring) podsOf(namespace, workload string) []string {
	var found []string
	for _, pod := range m.pods {
		if pod.Namespace == namespace && pod.Workload == workload {
			found = append(found, pod.Name)
		}
	}
	return found
}

// A metric that the adapter makes.
type made struct {
	SeriesQuery, MetricsQuery string
	Name                      struct{ As string }
}

// The metrics that autoscalers ask the adapter for have a value for each of their pods.
func (m *monitoring) scalers() ([]query, error) {
	adapter := m.platform.one("prometheus-adapter")
	if adapter.name == "" {
		return nil, nil
	}
	root, err := layOut(m.objects, "Deployment", adapter.namespace, adapter.name, filepath.Join(m.dir, "adapter"), m.secret)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(root.path("/etc/adapter/config/config.yaml"))
	if err != nil {
		return nil, err
	}
	var config struct{ Rules []made }
	if err := yaml.Unmarshal(text, &config); err != nil {
		return nil, err
	}
	var found []query
	for _, object := range m.objects {
		if object.GetKind() != "HorizontalPodAutoscaler" {
			continue
		}
		for _, metric := range list(object.Object["spec"], "metrics") {
			name, ofPods, _ := unstructured.NestedString(metric.(map[string]any), "pods", "metric", "name")
			if !ofPods {
				continue
			}
			workload, _, _ := unstructured.NestedString(object.Object, "spec", "scaleTargetRef", "name")
			at := slices.IndexFunc(config.Rules, func(rule made) bool { return rule.Name.As == name })
			if at < 0 {
				return nil, fmt.Errorf("no rule of the adapter makes %s", name)
			}
			found = append(found, m.scales(config.Rules[at], object.GetNamespace(), workload))
		}
	}
	return found, nil
}

// Asks as the adapter does: which series there are, and then for the pods of a workload.
func (m *monitoring) scales(rule made, namespace, workload string) query {
	pods := m.podsOf(namespace, workload)
	return query{rule.Name.As + " of " + workload, func(ctx context.Context) error {
		var series []map[string]string
		if err := m.ask(ctx, "series", url.Values{"match[]": {rule.SeriesQuery}}, &series); err != nil {
			return err
		}
		if len(series) == 0 {
			return fmt.Errorf("there is nothing of %s", rule.SeriesQuery)
		}
		expr := strings.NewReplacer(
			"<<.Series>>", series[0]["__name__"], "<<.GroupBy>>", "pod",
			"<<.LabelMatchers>>", fmt.Sprintf(`namespace="%s",pod=~"%s"`, namespace, strings.Join(pods, "|")),
		).Replace(rule.MetricsQuery)
		samples, err := m.instant(ctx, expr)
		if err != nil {
			return err
		}
		var got []string
		for _, sample := range samples {
			got = append(got, sample.Metric["pod"])
		}
		if slices.Sort(got); !slices.Equal(got, pods) {
			return fmt.Errorf("%s has values for %v, not for %v", expr, got, pods)
		}
		return nil
	}}
}
