package main

import (
	"fmt"
	"strings"
	texts "text/template"

	"github.com/Masterminds/sprig/v3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// What External Secrets makes in a namespace of what a store holds at a key and a property: the values themselves, or
// what the rendered templates say of them.
func externalSecrets(
	objects []unstructured.Unstructured, namespace string, held func(key, property string) string,
) (map[string]map[string]string, error) {
	secrets := map[string]map[string]string{}
	for _, object := range objects {
		if object.GetKind() != "ExternalSecret" || object.GetNamespace() != namespace {
			continue
		}
		values := map[string]string{}
		entries, _, _ := unstructured.NestedSlice(object.Object, "spec", "data")
		for _, entry := range entries {
			key, _, _ := unstructured.NestedString(entry.(map[string]any), "remoteRef", "key")
			property, _, _ := unstructured.NestedString(entry.(map[string]any), "remoteRef", "property")
			values[fmt.Sprint(entry.(map[string]any)["secretKey"])] = held(key, property)
		}
		name, _, _ := unstructured.NestedString(object.Object, "spec", "target", "name")
		secrets[name] = values
		templates, isMade, err := unstructured.NestedStringMap(object.Object, "spec", "target", "template", "data")
		if err != nil || !isMade {
			continue
		}
		secrets[name] = map[string]string{}
		for key, text := range templates {
			if secrets[name][key], err = filled(text, values); err != nil {
				return nil, fmt.Errorf("%s of %s: %w", key, name, err)
			}
		}
	}
	return secrets, nil
}

// Fills a template with the functions that External Secrets has too.
func filled(text string, values map[string]string) (string, error) {
	parsed, err := texts.New("").Option("missingkey=error").Funcs(sprig.TxtFuncMap()).Parse(text)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	err = parsed.Execute(&out, values)
	return out.String(), err
}
