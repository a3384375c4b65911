package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// One description, one environment of it, on one minor of Kubernetes.
type platform struct {
	name        string
	environment string
	// the minor that it is tried on, and the one that it is written for
	minor, own string
	// where the files are that the description names
	dir  string
	text string
	// what the description says, read without platformgen
	tree       map[string]any
	prefix     string
	namespaces []string
	restricted []string // those whose pods must be
	components []component
	externals  map[string]any
	installs   bool // its own metrics server
	stage      any  // what its environment is called
	defaults   map[string]any
}

type component struct {
	name, kind, namespace string
	keys                  map[string]any
}

func (c component) says(key string, is any) bool { return c.keys[key] == is }

func (p platform) title() string {
	title := p.name
	if p.environment != "" {
		title += "/" + p.environment
	}
	return title + " on " + p.minor
}

// The description without a path is the flagship, which must hold on every minor; the others hold on their own.
func platforms(root string, minors []string) ([]platform, error) {
	var found []platform
	flagship, err := os.ReadFile(filepath.Join(root, "platform.toml"))
	if err != nil {
		return nil, err
	}
	own, environments, err := about(flagship)
	if err != nil {
		return nil, err
	}
	for _, minor := range minors {
		text := target.ReplaceAllString(string(flagship), fmt.Sprintf("${1}%q", minor))
		found = append(found, platform{name: "flagship", minor: minor, own: own, dir: root, text: text})
	}
	for _, environment := range environments {
		found = append(found, platform{
			name: "flagship", environment: environment, minor: own, own: own, dir: root, text: string(flagship),
		})
	}
	files, err := filepath.Glob(filepath.Join(root, "tests", "platforms", "*.toml"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		minor, _, err := about(text)
		if err != nil {
			return nil, err
		}
		name := strings.TrimSuffix(filepath.Base(file), ".toml")
		found = append(found, platform{name: name, minor: minor, own: minor, dir: filepath.Dir(file), text: string(text)})
	}
	for at := range found {
		if err := found[at].read(); err != nil {
			return nil, fmt.Errorf("%s: %w", found[at].title(), err)
		}
	}
	return found, nil
}

var target = regexp.MustCompile(`(?m)^(kubernetes\s*=\s*)"[^"]*"`)

// What the description is for if it does not say.
const ordinary = "1.36"

func about(text []byte) (minor string, environments []string, err error) {
	var said struct {
		Platform struct{ Kubernetes string }
		// only their names
		Environments map[string]any
	}
	if err := toml.Unmarshal(text, &said); err != nil {
		return "", nil, err
	}
	if said.Platform.Kubernetes == "" {
		said.Platform.Kubernetes = ordinary
	}
	return said.Platform.Kubernetes, slices.Sorted(maps.Keys(said.Environments)), nil
}

func (p *platform) read() error {
	tree := map[string]any{}
	if err := toml.Unmarshal([]byte(p.text), &tree); err != nil {
		return err
	}
	if p.environment != "" {
		merge(tree, table(table(tree, "environments"), p.environment))
	}
	p.tree = tree
	p.prefix = fmt.Sprint(table(tree, "platform")["name"])
	p.namespaces = slices.Sorted(maps.Keys(table(tree, "namespaces")))
	for _, name := range p.namespaces {
		level, said := table(table(tree, "namespaces"), name)["pod-security"]
		if !said || level == "restricted" {
			p.restricted = append(p.restricted, name)
		}
	}
	p.externals = table(tree, "externals")
	p.installs = table(tree, "cluster")["metrics-server"] == "install"
	p.stage, p.defaults = table(tree, "platform")["environment"], table(tree, "defaults")
	components := table(tree, "components")
	for _, name := range slices.Sorted(maps.Keys(components)) {
		keys, ok := components[name].(map[string]any)
		if !ok {
			continue // off
		}
		p.components = append(p.components, component{
			name: name, kind: fmt.Sprint(keys["type"]), namespace: fmt.Sprint(keys["namespace"]), keys: keys,
		})
	}
	return nil
}

func table(of map[string]any, key string) map[string]any {
	found, _ := of[key].(map[string]any)
	return found
}

func merge(into, from map[string]any) {
	for key, value := range from {
		under, isTable := into[key].(map[string]any)
		over, alsoTable := value.(map[string]any)
		if isTable && alsoTable {
			merge(under, over)
		} else {
			into[key] = value
		}
	}
}

// What platformgen renders of it, as a stream for kubectl if nothing else is asked for.
func (p platform) render(ctx context.Context, program string, more ...string) (string, error) {
	return p.ask(ctx, program, append([]string{"render"}, more...)...)
}

// What platformgen says of it, where the files are that it names.
func (p platform) ask(ctx context.Context, program string, args ...string) (string, error) {
	args = append(args, "--file", "-")
	if p.environment != "" {
		args = append(args, "--environment", p.environment)
	}
	cmd := exec.CommandContext(ctx, program, args...)
	var out, errs bytes.Buffer
	cmd.Dir = p.dir
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(p.text), &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", args[0], err, errs.String())
	}
	return out.String(), nil
}

// The objects of a stream.
func objects(stream string) ([]unstructured.Unstructured, error) {
	var found []unstructured.Unstructured
	decoder := yaml.NewYAMLToJSONDecoder(strings.NewReader(stream))
	for {
		var object unstructured.Unstructured
		switch err := decoder.Decode(&object.Object); {
		case errors.Is(err, io.EOF):
			return found, nil
		case err != nil:
			return nil, err
		case len(object.Object) > 0:
			found = append(found, object)
		}
	}
}

// Its cert-manager, if it has one.
func (p platform) manager() component { return p.one("cert-manager") }

// Its component of this kind, or one without a name.
func (p platform) one(kind string) component {
	for _, of := range p.components {
		if of.kind == kind {
			return of
		}
	}
	return component{}
}

// Host and port of what is outside, as the description says.
func (p platform) external(name string) (host, port string) {
	of := table(p.externals, name)
	return fmt.Sprint(of["host"]), fmt.Sprint(of["port"])
}
