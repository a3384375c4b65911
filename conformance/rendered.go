package main

import (
	"fmt"
	"regexp"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// What pods find in a namespace: the rendered files, and secrets that the test made.
type belongings struct {
	files   map[string]map[string]string
	secrets map[string]map[string]string
}

// The ConfigMaps of a namespace.
func filesOf(objects []unstructured.Unstructured, namespace string) map[string]map[string]string {
	files := map[string]map[string]string{}
	for _, object := range objects {
		if object.GetKind() == "ConfigMap" && object.GetNamespace() == namespace {
			files[object.GetName()], _, _ = unstructured.NestedStringMap(object.Object, "data")
		}
	}
	return files
}

// Reads the object of this name into what it is.
func rendered(objects []unstructured.Unstructured, kind, namespace, name string, into any) error {
	for _, object := range objects {
		if object.GetKind() == kind && object.GetNamespace() == namespace && object.GetName() == name {
			return runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, into)
		}
	}
	return fmt.Errorf("there is no %s %s/%s", kind, namespace, name)
}

var reference = regexp.MustCompile(`\$\(([A-Za-z_][A-Za-z0-9_]*)\)`)

// The variables of a container, as NAME=value, and its arguments with what `$(NAME)` stands for.
func variables(
	container corev1.Container, field func(path string) (string, bool), secrets map[string]map[string]string,
) (env, args []string, err error) {
	values := map[string]string{}
	expand := func(text string) string {
		return reference.ReplaceAllStringFunc(text, func(found string) string {
			if value, isKnown := values[found[2:len(found)-1]]; isKnown {
				return value
			}
			return found
		})
	}
	for _, variable := range container.Env {
		value, isThere := expand(variable.Value), true
		switch from := variable.ValueFrom; {
		case from == nil:
		case from.FieldRef != nil:
			if value, isThere = field(from.FieldRef.FieldPath); !isThere {
				return nil, nil, fmt.Errorf("%s: nobody knows %s", variable.Name, from.FieldRef.FieldPath)
			}
		case from.SecretKeyRef != nil:
			if value, isThere = secrets[from.SecretKeyRef.Name][from.SecretKeyRef.Key]; !isThere {
				return nil, nil, fmt.Errorf("%s: there is no %s/%s", variable.Name, from.SecretKeyRef.Name, from.SecretKeyRef.Key)
			}
		default:
			return nil, nil, fmt.Errorf("%s: nobody knows where it is from", variable.Name)
		}
		values[variable.Name] = value
		env = append(env, variable.Name+"="+value)
	}
	for _, argument := range container.Args {
		args = append(args, expand(argument))
	}
	return env, args, nil
}
