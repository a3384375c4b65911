package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// A rule as it is rendered.
type rule struct {
	Alert, Record, Expr string
	Labels, Annotations map[string]string
}

func (r rule) id() string { return r.Alert + " (" + r.Labels["severity"] + ")" }

// Every rule that is rendered.
func (m *monitoring) rendered() ([]rule, error) {
	files, err := m.rules()
	if err != nil {
		return nil, err
	}
	var found []rule
	for _, file := range files {
		var of struct{ Groups []struct{ Rules []rule } }
		text, err := os.ReadFile(file)
		if err == nil {
			err = yaml.Unmarshal(text, &of)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for _, group := range of.Groups {
			found = append(found, group.Rules...)
		}
	}
	return found, nil
}

// Every alert rings in a scene and is silent in another, with the labels that it should have and words that say it.
func (m *monitoring) alarms(ctx context.Context, to *claim) error {
	rules, err := m.rendered()
	if err != nil {
		return err
	}
	all := slices.Concat(scenes, scenesOfWorkloads)
	alerts := map[string]rule{}
	for _, rule := range rules {
		if rule.Alert != "" {
			alerts[rule.id()] = rule
			to.holds(rings(all, rule), "no scene makes %s ring", rule.id())
			to.holds(rests(all, rule) || rule.Alert == heartbeat, "no scene leaves %s silent", rule.id())
		}
	}
	for _, scene := range all {
		for _, ring := range scene.rings {
			_, rendered := alerts[scene.alert+" ("+ring.severity+")"]
			to.holds(rendered, "%s (%s) is not rendered", scene.alert, ring.severity)
		}
	}
	if len(to.faults) > 0 {
		return nil
	}
	var tests []any
	for _, scene := range all {
		tests = append(tests, m.play(scene, alerts, to))
	}
	said, err := m.plays(ctx, tests)
	if err != nil {
		return err
	}
	to.holds(said == "", "alerts do not ring as they should:\n%s", said)
	to.count("alerts", len(alerts))
	to.count("scenes", len(all))
	return nil
}

func rings(all []scene, alert rule) bool {
	return slices.ContainsFunc(all, func(scene scene) bool {
		return scene.alert == alert.Alert && scene.makes(alert.Labels["severity"])
	})
}

func rests(all []scene, alert rule) bool {
	return slices.ContainsFunc(all, func(scene scene) bool {
		return scene.alert == alert.Alert && !scene.makes(alert.Labels["severity"])
	})
}

func (s scene) makes(severity string) bool {
	return slices.ContainsFunc(s.rings, func(ring ring) bool { return ring.severity == severity })
}

// A scene as promtool's tests have it.
func (m *monitoring) play(scene scene, alerts map[string]rule, to *claim) any {
	var series, expected []any
	for _, text := range scene.series {
		name, values, _ := strings.Cut(text, " = ")
		series = append(series, map[string]any{"series": name, "values": values})
	}
	for _, ring := range scene.rings {
		alert := alerts[scene.alert+" ("+ring.severity+")"]
		labels, annotations := labelsOf(ring.labels), map[string]string{}
		labels["severity"], labels["team"] = ring.severity, m.platform.prefix
		for name, text := range alert.Annotations {
			said, missing := says(text, labels, ring.value)
			to.holds(missing == "", "the %s of %s names %s, which it does not have", name, alert.id(), missing)
			annotations[name] = said
		}
		expected = append(expected, map[string]any{"exp_labels": labels, "exp_annotations": annotations})
	}
	return map[string]any{
		"name": scene.alert + " with " + strings.Join(scene.series, ", "), "interval": "1m", "input_series": series,
		"alert_rule_test": []any{map[string]any{"alertname": scene.alert, "eval_time": scene.at, "exp_alerts": expected}},
	}
}

// Lets promtool play all scenes, and says what it complains about.
func (m *monitoring) plays(ctx context.Context, tests []any) (string, error) {
	files, err := m.rules()
	if err != nil {
		return "", err
	}
	text, err := yaml.Marshal(map[string]any{"rule_files": files, "evaluation_interval": "1m", "tests": tests})
	if err != nil {
		return "", err
	}
	file := filepath.Join(m.dir, "scenes.yml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return "", err
	}
	said, ok := m.promtool(ctx, "test", "rules", file)
	if ok {
		return "", nil
	}
	return said, nil
}

var label = regexp.MustCompile(`([a-z_]+)="([^"]*)"`)

func labelsOf(text string) map[string]string {
	found := map[string]string{}
	for _, one := range label.FindAllStringSubmatch(text, -1) {
		found[one[1]] = one[2]
	}
	return found
}

var (
	placeholder = regexp.MustCompile(`\{\{ *(.*?) *\}\}`)
	labelName   = regexp.MustCompile(`\$labels\.([a-z_]+)`)
)

// What a text says with these labels and that value; and the label that it names and that is not there. Of several
// labels, as in `or $labels.pod $labels.instance`, it says the first that is.
func says(text string, labels map[string]string, value string) (said, missing string) {
	said = placeholder.ReplaceAllStringFunc(text, func(of string) string {
		if strings.Contains(of, "$value") {
			return value
		}
		for _, name := range labelName.FindAllStringSubmatch(of, -1) {
			if labels[name[1]] != "" {
				return labels[name[1]]
			}
		}
		missing = of
		return ""
	})
	return said, missing
}
