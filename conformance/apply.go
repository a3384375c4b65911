package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/metadata"
)

var applying = []string{"apply", "--server-side", "--validate=strict", "--filename=-"}

// Claim 1, first half: what is rendered applies to an empty server in the order given, without a word of complaint.
func (s *server) applies(ctx context.Context, stream string, objects []unstructured.Unstructured, claim *claim) error {
	said, err := s.run(ctx, stream, applying...)
	if err != nil {
		return err
	}
	claim.holds(said.code == 0, "apply ends with %d", said.code)
	claim.holds(said.err == "", "apply complains:\n%s", said.err)
	lines := strings.Split(strings.TrimSpace(said.out), "\n")
	claim.holds(len(lines) == len(objects), "%d objects rendered, %d applied", len(objects), len(lines))
	for at := range min(len(lines), len(objects)) {
		line, name := lines[at], "/"+objects[at].GetName()+" serverside-applied"
		if !strings.HasSuffix(line, name) {
			claim.holds(false, "object %d is %s: %s", at, objects[at].GetName(), line)
		}
	}
	claim.count("objects", len(objects))
	return nil
}

// Claim 1, second half: applied again, nothing changes, and kubectl sees no difference.
func (s *server) staysTheSame(ctx context.Context, stream string, claim *claim) error {
	before, err := s.versions(ctx)
	if err != nil {
		return err
	}
	asked := s.network.askedTimes()
	said, err := s.run(ctx, stream, applying...)
	if err != nil {
		return err
	}
	claim.holds(said.code == 0 && said.err == "", "applying again ends with %d and complains:\n%s", said.code, said.err)
	after, err := s.versions(ctx)
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(after)) {
		if before[id] == "" {
			claim.holds(false, "applying again makes %s", id)
		} else if before[id] != after[id] {
			claim.holds(false, "applying again changes %s", id)
		}
	}
	// how often depends on who is ready when
	if s.network.askedTimes() > asked {
		claim.count("platforms asked their webhooks", 1)
	}
	diff, err := s.run(ctx, stream, "diff", "--server-side", "--filename=-")
	if err != nil {
		return err
	}
	claim.holds(diff.code == 0 && diff.out == "" && diff.err == "", "diff ends with %d:\n%s%s", diff.code, diff.out, diff.err)
	return nil
}

// What the server changes by itself.
var restless = []string{"leases", "events", "componentstatuses"}

// The version of every object of the server.
func (s *server) versions(ctx context.Context) (map[string]string, error) {
	client, err := metadata.NewForConfig(s.config)
	if err != nil {
		return nil, err
	}
	lists, err := s.client.Discovery().ServerPreferredResources()
	if err := answered(err); err != nil {
		return nil, err
	}
	versions := map[string]string{}
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			return nil, err
		}
		for _, resource := range list.APIResources {
			if !slices.Contains(resource.Verbs, "list") || slices.Contains(restless, resource.Name) {
				continue
			}
			items, err := client.Resource(version.WithResource(resource.Name)).List(ctx, metav1.ListOptions{})
			if err != nil {
				return nil, fmt.Errorf("%s: %w", resource.Name, err)
			}
			for _, item := range items.Items {
				id := fmt.Sprintf("%s %s/%s", resource.Name, item.Namespace, item.Name)
				versions[id] = item.ResourceVersion
			}
		}
	}
	return versions, nil
}
