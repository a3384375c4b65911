package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
)

const repository = "acme/api"

// Pushes an image, pulls it, and reads the metrics that Prometheus asks for.
func (s *shelf) serves(ctx context.Context, to *claim) error {
	puller, one := s.puller(s.user, s.password), newImage(newLayer(), newLayer())
	if err := puller.push(ctx, repository, "served", one); err != nil {
		return err
	}
	if err := puller.pull(ctx, repository, "served", one); err != nil {
		return err
	}
	to.count("images", 1)
	for _, port := range s.container().Ports {
		if port.Name != "metrics" {
			continue
		}
		scraper := s.puller("", "")
		scraper.base = fmt.Sprintf("http://127.0.0.1:%d", port.ContainerPort)
		said, err := scraper.ask(ctx, http.MethodGet, "/metrics", "", nil)
		if err != nil {
			return err
		}
		isTold := said.code == http.StatusOK && bytes.Contains(said.body, []byte("registry_http_requests_total"))
		to.holds(isTold, "it says nothing of its requests: %d", said.code)
	}
	return nil
}

// Images of which some are needed and some are not, which share a layer.
type heap struct {
	base blob
	// under tags: an image, an index, and a tag that was moved to another image
	kept, index, moved image
	// of the index, without a tag of its own
	child image
	// what the tag was moved from, and what was deleted
	left, deleted image
}

func newHeap() heap {
	base := newLayer()
	image := func() image { return newImage(base, newLayer()) }
	h := heap{base: base, kept: image(), moved: image(), child: image(), left: image(), deleted: image()}
	h.index = newIndex(h.child)
	return h
}

// Deletes an image and moves a tag, lets the rendered collection run, and looks what is left.
func (s *shelf) collects(ctx context.Context, to *claim) error {
	puller, heap := s.puller(s.user, s.password), newHeap()
	for _, push := range []struct {
		tag   string
		image image
	}{
		{"kept", heap.kept}, {"", heap.child}, {"index", heap.index},
		{"moved", heap.left}, {"moved", heap.moved}, {"deleted", heap.deleted},
	} {
		if err := puller.push(ctx, repository, push.tag, push.image); err != nil {
			return err
		}
		to.count("images", 1)
	}
	said, err := puller.ask(ctx, http.MethodDelete, "/v2/"+repository+"/manifests/"+heap.deleted.manifest.digest, "", nil)
	if err != nil {
		return err
	}
	to.holds(said.code == http.StatusAccepted, "nothing can be deleted: %d %s", said.code, said.body)
	if !s.isCollected(to) {
		return nil
	}
	s.pod.annotations = map[string]string{"kubectl.kubernetes.io/restartedAt": time.Now().Format(time.RFC3339)}
	s.process.stop()
	if err := s.starts(ctx, to); err != nil {
		return err
	}
	for tag, image := range map[string]image{
		"kept": heap.kept, "index": heap.index, "moved": heap.moved, heap.child.manifest.digest: heap.child,
	} {
		err := puller.pull(ctx, repository, tag, image)
		to.holds(err == nil, "what is needed is collected: %v", err)
	}
	for what, image := range map[string]image{"deleted": heap.deleted, "left by its tag": heap.left} {
		if err := s.isGone(ctx, puller, what, image, heap.base, to); err != nil {
			return err
		}
	}
	return s.onlyMoves(ctx, puller, heap.moved, to)
}

// A pod that is only moved, by a drain for instance, serves at once.
func (s *shelf) onlyMoves(ctx context.Context, puller *puller, left image, to *claim) error {
	said, err := puller.ask(ctx, http.MethodDelete, "/v2/"+repository+"/manifests/"+left.manifest.digest, "", nil)
	if err != nil {
		return err
	}
	to.holds(said.code == http.StatusAccepted, "nothing can be deleted: %d %s", said.code, said.body)
	s.process.stop()
	if err := s.starts(ctx, to); err != nil {
		return err
	}
	_, err = os.Stat(s.blob(left.manifest))
	to.holds(err == nil, "a pod that only moves collects: %v", err)
	return nil
}

// Where a blob stands on the volume.
func (s *shelf) blob(of blob) string {
	hex := strings.TrimPrefix(of.digest, "sha256:")
	return filepath.Join(s.pod.volume("data"), "docker/registry/v2/blobs/sha256", hex[:2], hex, "data")
}

// Neither the registry nor its volume has anything of the image, but for what it shares.
func (s *shelf) isGone(ctx context.Context, puller *puller, what string, image image, shared blob, to *claim) error {
	paths := map[string]blob{"/manifests/" + image.manifest.digest: image.manifest}
	for _, blob := range image.blobs {
		if blob.digest != shared.digest {
			paths["/blobs/"+blob.digest] = blob
		}
	}
	for path, blob := range paths {
		said, err := puller.ask(ctx, http.MethodGet, "/v2/"+repository+path, "", nil)
		if err != nil {
			return err
		}
		to.holds(said.code == http.StatusNotFound, "what was %s is still served: %d", what, said.code)
		_, err = os.Stat(s.blob(blob))
		to.holds(errors.Is(err, os.ErrNotExist), "what was %s is still on the volume", what)
		to.count("blobs collected", 1)
	}
	return nil
}

// Whether garbage is collected, which a job starts by replacing the pod of the registry.
func (s *shelf) isCollected(to *claim) bool {
	if s.of.keys["garbage-collection"] == nil {
		return false
	}
	var job batchv1.CronJob
	if err := rendered(s.objects, "CronJob", s.of.namespace, s.of.name+"-gc", &job); err != nil {
		to.holds(false, "%v", err)
		return false
	}
	args := strings.Join(job.Spec.JobTemplate.Spec.Template.Spec.Containers[0].Args, " ")
	wanted := "rollout restart deployment " + s.of.name + " --namespace " + s.of.namespace
	to.holds(args == wanted, "the collection restarts something else: %s", args)
	alone := s.deployment.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType
	to.holds(alone, "a registry serves while another collects")
	return true
}
