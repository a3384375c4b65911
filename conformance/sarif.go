package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A module that carries the schema of SARIF 2.1.0, as a constant of this name in this file.
const (
	sarifModule = "github.com/owenrumney/go-sarif/v3"
	sarifFile   = "pkg/report/v210/sarif/schema.go"
	sarifName   = "schema"
)

var blemishes = []fault{
	{"a field that SARIF does not know", "additional properties 'blemish' not allowed"},
	{"a result without a message", "missing property 'message'"},
	{"a line before the first", "minimum"},
}

// Compares what `validate --format sarif` says of every case of the tests with the schema.
func (j *judge) scans(ctx context.Context, _ []platform, fault string, to *claim) error {
	schema, err := sarifSchema(j.modules[sarifModule])
	if err != nil {
		return err
	}
	commands, err := filepath.Glob(filepath.Join(j.root, "tests", "cases", "validate-*", "command"))
	if err != nil {
		return err
	}
	for _, command := range commands {
		text, err := os.ReadFile(command)
		if err != nil {
			return err
		}
		arguments := strings.Fields(string(text))
		if at := slices.Index(arguments, "--format"); at >= 0 {
			arguments = slices.Delete(arguments, at, at+2)
		}
		report, results, err := j.scan(ctx, filepath.Dir(command), append(arguments, "--format", "sarif"))
		if err != nil {
			return fmt.Errorf("%s: %w", command, err)
		}
		if results == nil {
			continue // it could not be checked, which is no report
		}
		if fault != "" && len(results) > 0 {
			blemish(results[0], fault)
		}
		err = schema.Validate(report)
		to.holds(err == nil, "%s: %v", filepath.Base(filepath.Dir(command)), err)
		to.count("reports", 1)
		to.count("findings in them", len(results))
	}
	return nil
}

func blemish(result any, fault string) {
	fields, isThere := result.(map[string]any)
	if !isThere {
		return
	}
	switch fault {
	case blemishes[0].what:
		fields["blemish"] = true
	case blemishes[1].what:
		delete(fields, "message")
	case blemishes[2].what:
		region := map[string]any{"startLine": 0}
		fields["locations"] = []any{map[string]any{"physicalLocation": map[string]any{"region": region}}}
	}
}

// A report and its results; no results if there is no report.
func (j *judge) scan(ctx context.Context, dir string, arguments []string) (any, []any, error) {
	cmd := exec.CommandContext(ctx, j.programs.platformgen, arguments...)
	var out bytes.Buffer
	cmd.Dir, cmd.Stdout = dir, &out
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		return nil, nil, err
	}
	if out.Len() == 0 {
		return nil, nil, nil
	}
	var report map[string]any
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		return nil, nil, err
	}
	runs, _ := report["runs"].([]any)
	if len(runs) != 1 {
		return nil, nil, fmt.Errorf("%d runs in a report", len(runs))
	}
	run, _ := runs[0].(map[string]any)
	results, isThere := run["results"].([]any)
	if !isThere {
		return nil, nil, errors.New("a run without results")
	}
	return report, results, nil
}

// The schema, out of the source of the module that carries it.
func sarifSchema(module string) (*jsonschema.Schema, error) {
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(module, sarifFile), nil, 0)
	if err != nil {
		return nil, err
	}
	text := ""
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok || spec.Names[0].Name != sarifName {
			return true
		}
		if literal, ok := spec.Values[0].(*ast.BasicLit); ok {
			text, err = strconv.Unquote(literal.Value)
		}
		return false
	})
	if text == "" || err != nil {
		return nil, fmt.Errorf("%s says no schema: %w", sarifFile, err)
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("sarif.json", document); err != nil {
		return nil, err
	}
	return compiler.Compile("sarif.json")
}
