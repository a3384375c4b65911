package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

// Pods that Pod Security admission's own tests admit or refuse, at `LEVEL/vVERSION/pass|fail/NAME.yaml` of its module.
const fixtures = "k8s.io/pod-security-admission"

// What this claim must notice.
var blindness = []fault{{"a program that admits every pod", "/fail/"}}

// Compares our verdict about each of them, in a namespace that enforces its level and version, with what its path says.
func (j *judge) admits(ctx context.Context, _ []platform, fault string, to *claim) error {
	root := filepath.Join(j.modules[fixtures], "test", "testdata")
	files, err := filepath.Glob(filepath.Join(root, "*", "v*", "*", "*.yaml"))
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "fixtures-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for at, file := range files {
		if err := place(dir, at, root, file); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	refused, err := j.refused(ctx, dir)
	if err != nil {
		return err
	}
	if fault != "" {
		refused = nil
	}
	for at, file := range files {
		own, _ := filepath.Rel(root, file)
		why, isRefused := refused[at]
		wanted := filepath.Base(filepath.Dir(file)) == "fail"
		to.holds(isRefused == wanted, "%s: %q", own, why)
	}
	to.count("pods of its own tests", len(files))
	to.holds(len(files) > 0, "there are none in %s", root)
	return nil
}

// Writes the pod of a fixture and its namespace, in files whose names say the number of the fixture.
func place(dir string, at int, root, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var pod map[string]any
	if err := yaml.Unmarshal(text, &pod); err != nil {
		return err
	}
	own, err := filepath.Rel(root, file)
	if err != nil {
		return err
	}
	level, rest, _ := strings.Cut(filepath.ToSlash(own), "/")
	version, _, _ := strings.Cut(rest, "/")
	metadata, isThere := pod["metadata"].(map[string]any)
	if !isThere {
		return errors.New("it has no metadata")
	}
	name := fmt.Sprintf("n%d", at)
	metadata["namespace"] = name
	namespace := map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{
		"name": name, "labels": map[string]any{
			"pod-security.kubernetes.io/enforce": level, "pod-security.kubernetes.io/enforce-version": version,
		},
	}}
	for suffix, object := range map[string]any{"": namespace, "-pod": pod} {
		text, err := json.Marshal(object)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, strconv.Itoa(at)+suffix+".json"), text, 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// What platformgen refuses.
func (j *judge) refused(ctx context.Context, dir string) (map[int]string, error) {
	newest := j.minors[len(j.minors)-1]
	cmd := exec.CommandContext(ctx, j.programs.platformgen, "validate", "--checks", "pod-security", "--kubernetes", newest, "--format", "json", dir)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		return nil, fmt.Errorf("validate: %w\n%s", err, errs.String())
	}
	var said struct {
		Findings []struct{ File, Message string }
	}
	if err := json.Unmarshal(out.Bytes(), &said); err != nil {
		return nil, err
	}
	refused := map[int]string{}
	for _, finding := range said.Findings {
		number, isPod := strings.CutSuffix(filepath.Base(finding.File), "-pod.json")
		at, err := strconv.Atoi(number)
		if err != nil || !isPod {
			return nil, fmt.Errorf("%s: %s", finding.File, finding.Message)
		}
		refused[at] = finding.Message
	}
	return refused, nil
}
