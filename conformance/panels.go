package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// What Grafana reads.
type dashboard struct {
	Title      string
	Templating struct {
		List []struct {
			Name, Type string
			Query      any
		}
	}
}

// The queries of all panels, with each variable at all of its values, as Grafana asks them.
func (m *monitoring) panels(ctx context.Context) ([]query, error) {
	grafana := m.platform.one("grafana")
	if grafana.name == "" {
		return nil, nil
	}
	root, err := layOut(m.objects, "Deployment", grafana.namespace, grafana.name, filepath.Join(m.dir, "grafana"), m.secret)
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(root.path("/etc/grafana/dashboards/*.json"))
	if err != nil {
		return nil, err
	}
	var found []query
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var board dashboard
		var tree any
		if err := errors.Join(json.Unmarshal(text, &board), json.Unmarshal(text, &tree)); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		values := map[string]string{"__rate_interval": "1m"}
		for _, variable := range board.Templating.List {
			definition, _ := variable.Query.(map[string]any)
			all, asked, err := m.values(fmt.Sprint(definition["query"]), variable.Name, values)
			if err != nil {
				return nil, err
			}
			values[variable.Name] = all
			found = append(found, asked)
		}
		for _, expr := range expressions(tree) {
			found = append(found, m.hasData(board.Title, withValues(expr, values)))
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no dashboards are rendered")
	}
	return found, nil
}

// Every query below a part of a dashboard.
func expressions(of any) []string {
	var found []string
	switch of := of.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(of)) {
			if text, is := of[key].(string); is && key == "expr" {
				found = append(found, text)
			}
			found = append(found, expressions(of[key])...)
		}
	case []any:
		for _, one := range of {
			found = append(found, expressions(one)...)
		}
	}
	return found
}

var dollar = regexp.MustCompile(`\$\{?([A-Za-z_][A-Za-z_0-9]*)\}?`)

func withValues(query string, values map[string]string) string {
	return dollar.ReplaceAllStringFunc(query, func(of string) string {
		if value, known := values[dollar.FindStringSubmatch(of)[1]]; known {
			return value
		}
		return of
	})
}

var choice = regexp.MustCompile(`^label_values\((.*), *([a-z_]+)\)$`)

// All values that a variable must have, as Grafana writes "all of them", and the question whether it has them.
func (m *monitoring) values(asked, name string, known map[string]string) (string, query, error) {
	of := choice.FindStringSubmatch(asked)
	wanted := m.declared(name)
	if of == nil || len(wanted) == 0 {
		return "", query{}, fmt.Errorf("nobody knows what variable %s is: %s", name, asked)
	}
	all := "(" + strings.Join(wanted, "|") + ")"
	return all, query{"variable " + name + ": " + asked, func(ctx context.Context) error {
		var got []string
		err := m.ask(ctx, "label/"+of[2]+"/values", url.Values{"match[]": {withValues(of[1], known)}}, &got)
		if err == nil && !slices.Equal(got, wanted) {
			err = fmt.Errorf("it has the values %v, not %v", got, wanted)
		}
		return err
	}}, nil
}

// What variables of that name are about: web services, their namespaces and their pods.
func (m *monitoring) declared(name string) []string {
	found := map[string]bool{}
	for _, of := range m.platform.components {
		switch {
		case of.kind != "web-service" || !of.hasMetrics():
		case name == "namespace":
			found[of.namespace] = true
		case name == "service":
			found[of.name] = true
		case name == "pod":
			for _, pod := range m.podsOf(of.namespace, of.name) {
				found[pod] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}
