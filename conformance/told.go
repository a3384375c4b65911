package main

import (
	"context"
	"fmt"
	"strings"
)

// What `explain rights` says: who may do what with which resource, and where; everywhere is no namespace.
type told map[[4]string]bool

// The roles of every cluster that the table only names, by hand: verb and resource.
var ofClusters = map[string][][2]string{
	"system:auth-delegator": {
		{"create", "tokenreviews.authentication.k8s.io"}, {"create", "subjectaccessreviews.authorization.k8s.io"},
	},
	"extension-apiserver-authentication-reader": {
		{"get", "configmaps[extension-apiserver-authentication]"},
		{"list", "configmaps[extension-apiserver-authentication]"},
		{"watch", "configmaps[extension-apiserver-authentication]"},
	},
}

const roleOfCluster = "the cluster's role "

// The table of a platform.
func (p platform) rightsTable(ctx context.Context, program string) (told, error) {
	said, err := p.ask(ctx, program, "explain", "rights")
	if err != nil {
		return nil, err
	}
	table := told{}
	for line := range strings.Lines(said) {
		if err := table.take(strings.TrimSuffix(line, "\n")); err != nil {
			return nil, err
		}
	}
	return table, nil
}

// Takes a line: `who  get, list pods, services  in here, there`.
func (t told) take(line string) error {
	parts := strings.Split(line, "  ")
	if len(parts) != 3 {
		return fmt.Errorf("no line of rights: %q", line)
	}
	places := []string{""}
	if where, isSome := strings.CutPrefix(parts[2], "in "); isSome {
		places = strings.Split(where, ", ")
	}
	var verbs, resources []string
	for _, word := range strings.Split(parts[1], ", ") {
		verb, resource, isLast := strings.Cut(word, " ")
		switch {
		case len(resources) > 0:
			resources = append(resources, word)
		case isLast:
			verbs, resources = append(verbs, verb), append(resources, resource)
		default:
			verbs = append(verbs, verb)
		}
	}
	for _, place := range places {
		for _, resource := range resources {
			if role, isRole := strings.CutPrefix(resource, roleOfCluster); isRole {
				if ofClusters[role] == nil {
					return fmt.Errorf("nobody knows what the role %s of clusters grants", role)
				}
				for _, right := range ofClusters[role] {
					t[[4]string{parts[0], right[0], right[1], place}] = true
				}
				continue
			}
			for _, verb := range verbs {
				t[[4]string{parts[0], verb, resource, place}] = true
			}
		}
	}
	return nil
}

// Whether the table, or what everybody may, answers a question with yes.
func (t told) says(q question) bool {
	resource := q.asked.Resource
	if q.asked.Group != "" {
		resource += "." + q.asked.Group
	}
	if q.asked.Subresource != "" {
		resource += "/" + q.asked.Subresource
	}
	for _, place := range []string{"", q.asked.Namespace} {
		for _, what := range []string{resource, resource + "[" + q.asked.Name + "]"} {
			if t[[4]string{q.namespace + "/" + q.account, q.asked.Verb, what, place}] {
				return true
			}
		}
	}
	return holder{}.may(q.asked)
}
