package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// Where the modules of others keep their definitions, below the directory of the module.
var definitions = []struct{ module, files string }{
	{"github.com/cert-manager/cert-manager", "deploy/crds/*.yaml"},
	{"github.com/external-secrets/external-secrets", "config/crds/bases/*.yaml"},
	{"github.com/bitnami-labs/sealed-secrets", "helm/sealed-secrets/crds/*.yaml"},
	{"github.com/cilium/cilium", "pkg/k8s/apis/cilium.io/client/crds/v2/*.yaml"},
}

// A definition that a cluster must have before something of its group is applied.
type definition struct {
	group, file string
}

// The definitions that the modules ship; modules says where each module is.
func readDefinitions(modules map[string]string) ([]definition, error) {
	var found []definition
	for _, of := range definitions {
		dir, ok := modules[of.module]
		if !ok {
			return nil, fmt.Errorf("nobody said where %s is", of.module)
		}
		files, err := filepath.Glob(filepath.Join(dir, of.files))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			var said struct {
				Kind string
				Spec struct{ Group string }
			}
			if err := yaml.Unmarshal(text, &said); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			if said.Kind == "CustomResourceDefinition" {
				found = append(found, definition{group: said.Spec.Group, file: file})
			}
		}
	}
	return found, nil
}

// Installs the definitions of the groups that are in use, and of what belongs to them.
func (s *server) define(ctx context.Context, all []definition, objects []unstructured.Unstructured) error {
	used := map[string]bool{}
	for _, object := range objects {
		used[object.GroupVersionKind().Group] = true
	}
	// who makes certificates makes orders and challenges
	used["acme.cert-manager.io"] = used["cert-manager.io"]
	args := []string{"apply", "--server-side"}
	for _, definition := range all {
		if used[definition.group] {
			args = append(args, "--filename="+definition.file)
		}
	}
	if len(args) == 2 {
		return nil
	}
	for _, args := range [][]string{args, {"wait", "--for=condition=Established", "--all", "customresourcedefinitions", "--timeout=60s"}} {
		said, err := s.run(ctx, "", args...)
		if err == nil && said.code != 0 {
			err = fmt.Errorf("%s: %s", strings.Join(args[:2], " "), said.err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
