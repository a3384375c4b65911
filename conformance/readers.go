package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
	machinery "k8s.io/apimachinery/pkg/util/yaml"
	sigs "sigs.k8s.io/yaml"
)

// A stream of YAML, and what its documents must mean to everybody.
type writing struct {
	Name   string `json:"name"`
	YAML   string `json:"yaml"`
	Values []any  `json:"values"`
}

// What a reader says that reads otherwise, or how many streams one tried.
type reading struct {
	Reader, Name, Read string
	Tried              int
}

// Readers in Go: that of kubectl and API servers, and that of Prometheus, kustomize and others.
var ours = []struct {
	name string
	read func(text string) ([]any, error)
}{
	{"sigs.k8s.io/yaml", strictly},
	{"go.yaml.in/yaml/v3", plainly},
}

// Programs that read with the libraries of a language.
var languages = []struct{ program, script string }{
	{"/usr/bin/python3", "read.py"},
	{"node", "read.js"},
}

// YAML that somebody would write who thinks that text needs no quotes, and a reader that takes it for something else.
var careless = []fault{
	{`on`, "PyYAML reads"},
	{`1:30`, "PyYAML reads"},
	{`017`, "PyYAML on libyaml reads"},
	{`2026-11-23`, "js-yaml reads"},
	{`1e3`, "sigs.k8s.io/yaml reads"},
	{`0o17`, "ruamel.yaml, YAML 1.2 reads"},
	{`~`, "go.yaml.in/yaml/v3 reads"},
	{`<<`, "PyYAML reads"},
	{`=`, "PyYAML reads"},
	{"\ttext", "yaml, YAML 1.2 reads"},
	{"a\u0085b", "PyYAML reads"},
	{"a: b", "yaml, YAML 1.1 reads"},
	{"1_000", "ruamel.yaml, YAML 1.1 reads"},
}

// Everything that is written as YAML is read by everybody as it is meant.
func (j *judge) reads(ctx context.Context, platforms []platform, fault string, to *claim) error {
	var all []writing
	if fault != "" {
		one, err := j.carelessly(ctx, platforms, fault)
		if err != nil {
			return err
		}
		return j.everybody(ctx, []writing{one}, to)
	}
	for _, platform := range platforms {
		if platform.minor != platform.own {
			continue // how it is written does not depend on the minor
		}
		of, err := j.writings(ctx, platform)
		if err != nil {
			return fmt.Errorf("%s: %w", platform.title(), err)
		}
		all = append(all, of...)
	}
	to.count("streams, files, and texts within them", len(all))
	traps, err := traps(j.corpus, j.share)
	if err != nil {
		return err
	}
	to.count("combinations of texts that somebody misreads", len(traps))
	return j.everybody(ctx, append(all, traps...), to)
}

// The smallest platform, with a text as key and as value in its first object as somebody would write it.
func (j *judge) carelessly(ctx context.Context, platforms []platform, text string) (writing, error) {
	at := slices.IndexFunc(platforms, func(one platform) bool { return one.name == "minimal" })
	all, err := j.writings(ctx, platforms[at])
	if err != nil {
		return writing{}, err
	}
	one := all[0]
	one.YAML = strings.Replace(one.YAML, "\nmetadata:\n", "\nmetadata:\n  "+text+": key\n  text: "+text+"\n", 1)
	metadata := one.Values[0].(map[string]any)["metadata"].(map[string]any)
	metadata[text], metadata["text"] = "key", text
	return one, nil
}

// Lets every reader read all of it.
func (j *judge) everybody(ctx context.Context, all []writing, to *claim) error {
	dir, err := os.MkdirTemp("", "readers-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "writings")
	if err := toLines(file, all); err != nil {
		return err
	}
	for _, reader := range ours {
		for _, one := range all {
			values, err := reader.read(one.YAML)
			same := err == nil && reflect.DeepEqual(values, one.Values)
			to.holds(same, "%s reads %s otherwise: %v", reader.name, one.Name, err)
		}
		to.count("readers", 1)
	}
	said, errs := make([][]reading, len(languages)), make([]error, len(languages))
	var wait sync.WaitGroup
	for at, of := range languages {
		wait.Go(func() { said[at], errs[at] = j.ask(ctx, of.program, of.script, file) })
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for _, language := range said {
		for _, reading := range language {
			if reading.Name != "" {
				to.holds(false, "%s reads %s otherwise: %s", reading.Reader, reading.Name, reading.Read)
				continue
			}
			to.holds(reading.Tried == len(all), "%s read %d of %d", reading.Reader, reading.Tried, len(all))
			to.count("readers", 1)
		}
	}
	return nil
}

// What the script says of the file, a line of JSON each.
func (j *judge) ask(ctx context.Context, program, script, file string) ([]reading, error) {
	cmd := exec.CommandContext(ctx, program, filepath.Join(j.root, "conformance", "readers", script), file)
	// where Debian puts the libraries of Node; its own Node looks there by itself, and others do not
	cmd.Env = append(os.Environ(), "NODE_PATH=/usr/share/nodejs", "PYTHONDONTWRITEBYTECODE=1")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", script, err, errs.String())
	}
	var said []reading
	err := eachLine(&out, func(line []byte) error {
		var next reading
		err := json.Unmarshal(line, &next)
		said = append(said, next)
		return err
	})
	if err == nil && len(said) == 0 {
		err = fmt.Errorf("%s has no readers", script)
	}
	return said, err
}

// The stream means what the JSON of the same command means; each file of the tree, and each YAML within a ConfigMap,
// means what a server reads there.
func (j *judge) writings(ctx context.Context, platform platform) ([]writing, error) {
	stream, err := platform.render(ctx, j.programs.platformgen)
	if err != nil {
		return nil, err
	}
	text, err := platform.render(ctx, j.programs.platformgen, "--format", "json")
	if err != nil {
		return nil, err
	}
	var list struct{ Items []any }
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, err
	}
	all := []writing{{Name: platform.title(), YAML: stream, Values: list.Items}}
	add := func(name, text string) error {
		values, err := strictly(text)
		all = append(all, writing{Name: platform.title() + ", " + name, YAML: text, Values: values})
		return err
	}
	dir, err := os.MkdirTemp("", "tree-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if _, err := platform.render(ctx, j.programs.platformgen, "--output", dir); err != nil {
		return nil, err
	}
	if err := eachFile(dir, add); err != nil {
		return nil, err
	}
	objects, err := objects(stream)
	if err != nil {
		return nil, err
	}
	for _, object := range objects {
		data, _ := object.Object["data"].(map[string]any)
		for key, text := range data {
			if extension := filepath.Ext(key); extension != ".yaml" && extension != ".yml" {
				continue
			}
			if err := add(object.GetName()+" "+key, fmt.Sprint(text)); err != nil {
				return nil, fmt.Errorf("%s %s: %w", object.GetName(), key, err)
			}
		}
	}
	return all, nil
}

func eachFile(dir string, do func(name, text string) error) error {
	for _, pattern := range []string{"*", "*/*"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return err
		}
		for _, file := range files {
			name, err := filepath.Rel(dir, file)
			if err != nil || filepath.Ext(name) != ".yaml" {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			if err := do(name, string(text)); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

// Texts that some reader takes for something else, as the tests of the writer wrote them: the first alone, and then in
// pairs, of which one in so many is enough.
func traps(file string, share uint32) ([]writing, error) {
	lines, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer lines.Close()
	var all []writing
	at := -1
	err = eachLine(lines, func(line []byte) error {
		if at++; at > unpaired && at%int(share) != 0 {
			return nil
		}
		var next struct {
			YAML  string
			Value any
		}
		err := json.Unmarshal(line, &next)
		all = append(all, writing{Name: fmt.Sprintf("trap %d", at), YAML: next.YAML, Values: []any{next.Value}})
		return err
	})
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("%s is empty", file)
	}
	return all, err
}

// More texts than there are alone.
const unpaired = 200

// As kubectl and servers read.
func strictly(text string) ([]any, error) {
	var all []any
	documents := machinery.NewYAMLReader(bufio.NewReader(strings.NewReader(text)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		var value any
		if err == nil {
			err = sigs.UnmarshalStrict(document, &value)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, value)
	}
}

// As programs read that do not come from Kubernetes; through JSON, so that numbers are alike.
func plainly(text string) ([]any, error) {
	var all []any
	documents := yaml.NewDecoder(strings.NewReader(text))
	for {
		var value any
		err := documents.Decode(&value)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err == nil {
			var same []byte
			if same, err = json.Marshal(value); err == nil {
				value = nil
				err = json.Unmarshal(same, &value)
			}
		}
		if err != nil {
			return nil, err
		}
		all = append(all, value)
	}
}

func toLines(file string, all []writing) error {
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	for _, one := range all {
		if err := encoder.Encode(one); err != nil {
			return err
		}
	}
	return os.WriteFile(file, lines.Bytes(), 0o600)
}

func eachLine(text io.Reader, do func(line []byte) error) error {
	lines := bufio.NewScanner(text)
	lines.Buffer(nil, 1<<26)
	for lines.Scan() {
		if err := do(lines.Bytes()); err != nil {
			return err
		}
	}
	return lines.Err()
}
