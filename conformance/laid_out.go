package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// What a rendered pod sees of files: they are laid out below a directory that stands for its root, so that the real
// program can be started on them.

// Where every pod with a token of its account finds it.
const accountPath = "/var/run/secrets/kubernetes.io/serviceaccount"

// The rendered object of that kind and name.
func pick(objects []unstructured.Unstructured, kind, namespace, name string) (*unstructured.Unstructured, error) {
	for at := range objects {
		if of := &objects[at]; of.GetKind() == kind && of.GetNamespace() == namespace && of.GetName() == name {
			return of, nil
		}
	}
	return nil, fmt.Errorf("nothing is rendered as %s %s/%s", kind, namespace, name)
}

// The pods of a rendered workload.
func podsOf(workload *unstructured.Unstructured) (corev1.PodSpec, error) {
	var spec corev1.PodSpec
	template, _, err := unstructured.NestedMap(workload.Object, "spec", "template", "spec")
	if err == nil {
		err = runtime.DefaultUnstructuredConverter.FromUnstructured(template, &spec)
	}
	return spec, err
}

// The root of a pod of one container.
type root struct {
	dir       string
	namespace string
	container corev1.Container
}

// Lays the files of a workload's pods out below dir; the keys of Secrets get the value that is told.
func layOut(objects []unstructured.Unstructured, kind, namespace, name, dir, secret string) (*root, error) {
	workload, err := pick(objects, kind, namespace, name)
	if err != nil {
		return nil, err
	}
	pod, err := podsOf(workload)
	if err != nil {
		return nil, err
	}
	r := &root{dir: dir, namespace: namespace, container: pod.Containers[0]}
	for _, mount := range r.container.VolumeMounts {
		at := slices.IndexFunc(pod.Volumes, func(volume corev1.Volume) bool { return volume.Name == mount.Name })
		if err := os.MkdirAll(r.path(mount.MountPath), 0o755); err != nil {
			return nil, err
		}
		if at < 0 {
			continue // a claim of its own: empty at first
		}
		for file, text := range contents(objects, namespace, pod.Volumes[at], secret) {
			if err := os.WriteFile(filepath.Join(r.path(mount.MountPath), file), []byte(text), 0o644); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}

// The files of a volume.
func contents(
	objects []unstructured.Unstructured, namespace string, volume corev1.Volume, secret string,
) map[string]string {
	files := map[string]string{}
	take := func(name string) {
		if object, err := pick(objects, "ConfigMap", namespace, name); err == nil {
			data, _, _ := unstructured.NestedStringMap(object.Object, "data")
			for file, text := range data {
				files[file] = text
			}
		}
	}
	if volume.ConfigMap != nil {
		take(volume.ConfigMap.Name)
	}
	if volume.Projected != nil {
		for _, source := range volume.Projected.Sources {
			if source.ConfigMap != nil {
				take(source.ConfigMap.Name)
			}
		}
	}
	if volume.Secret != nil {
		for _, item := range volume.Secret.Items {
			files[item.Path] = secret
		}
	}
	return files
}

// Where a path of the pod is on this machine.
func (r *root) path(of string) string { return filepath.Join(r.dir, of) }

// The text with each path of the pod as it is on this machine.
func (r *root) here(text string) string {
	paths := []string{regexp.QuoteMeta(accountPath)}
	for _, mount := range r.container.VolumeMounts {
		paths = append(paths, regexp.QuoteMeta(mount.MountPath))
	}
	slices.SortFunc(paths, func(one, other string) int { return len(other) - len(one) })
	of := regexp.MustCompile(`(?m)(^|[=\s"'])(` + strings.Join(paths, "|") + `)`)
	return of.ReplaceAllString(text, "${1}"+r.dir+"${2}")
}
