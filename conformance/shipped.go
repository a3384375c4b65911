package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Where modules keep definitions that no platform needs yet; they are large, real, and written by others.
var others = []struct{ module, files string }{
	{"github.com/bitnami-labs/sealed-secrets", "helm/sealed-secrets/crds/*.yaml"},
	{"github.com/kedacore/keda/v2", "config/crd/bases/*.yaml"},
	{"github.com/prometheus-operator/prometheus-operator", "example/prometheus-operator-crd/*.yaml"},
	{"sigs.k8s.io/gateway-api", "config/crd/standard/*.yaml"},
}

var prejudices = []fault{
	{"a definition without a scope", "the server says"},
	{"a program that refuses every definition", "and we say: no"},
}

// Gives what others ship to a server of each minor and to us: both must take it.
func (j *judge) takesShipped(ctx context.Context, _ []platform, fault string, to *claim) error {
	shipped, err := j.shipped(to)
	if err != nil {
		return err
	}
	minors := j.minors
	if fault != "" {
		minors = []string{ordinary}
	}
	if fault == prejudices[0].what {
		for at := range shipped {
			unstructured.RemoveNestedField(shipped[at].Object, "spec", "scope")
		}
	}
	for at, minor := range minors {
		server, err := startServer(ctx, fmt.Sprintf("shipped%d-%d", len(fault), at), minor, j.store, j.programs)
		if err != nil {
			return err
		}
		err = server.agreesOn(ctx, j, shipped, fault == prejudices[1].what, to)
		server.close()
		if err != nil {
			return fmt.Errorf("on %s: %w", minor, err)
		}
	}
	to.count("minors", len(minors))
	return nil
}

func (s *server) agreesOn(ctx context.Context, j *judge, shipped []unstructured.Unstructured, isRefusing bool, to *claim) error {
	routes, err := s.routes()
	if err != nil {
		return err
	}
	all := make([]mutant, len(shipped))
	for at, object := range shipped {
		text, err := json.Marshal(object.Object)
		if err != nil {
			return err
		}
		all[at] = mutant{base: at, kind: object.GetKind(), what: object.GetName(), text: text}
	}
	theirs, err := routes.askAll(ctx, shipped, all)
	if err != nil {
		return err
	}
	ours, err := j.verdicts(ctx, all, s.minor)
	if err != nil {
		return err
	}
	if isRefusing {
		ours = slices.Repeat([]string{"no"}, len(all))
	}
	for at, one := range all {
		taken := theirs[at].answer == takes
		to.holds(taken, "%s %s %s: the server says: %s", s.minor, one.kind, one.what, theirs[at].why)
		to.holds(ours[at] == "", "%s %s %s is taken: %t, and we say: %s", s.minor, one.kind, one.what, taken, ours[at])
	}
	return nil
}

// The objects in the files of all modules.
func (j *judge) shipped(to *claim) ([]unstructured.Unstructured, error) {
	var all []unstructured.Unstructured
	for _, of := range slices.Concat(definitions, others) {
		files, err := filepath.Glob(filepath.Join(j.modules[of.module], of.files))
		if err != nil {
			return nil, err
		}
		to.holds(len(files) > 0, "%s ships nothing", of.module)
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			found, err := objects(string(text))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			// what is for a tool never comes to a server
			all = append(all, slices.DeleteFunc(found, func(object unstructured.Unstructured) bool {
				return object.GetKind() == "Kustomization"
			})...)
		}
	}
	to.count("objects", len(all))
	return all, nil
}
