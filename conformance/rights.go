package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// One question to the server's authorizer.
type question struct {
	namespace, account string
	asked              authorizationv1.ResourceAttributes
}

func (q question) String() string {
	resource := q.asked.Resource
	if q.asked.Group != "" {
		resource += "." + q.asked.Group
	}
	if q.asked.Subresource != "" {
		resource += "/" + q.asked.Subresource
	}
	if q.asked.Name != "" {
		resource += "[" + q.asked.Name + "]"
	}
	where := "everywhere"
	if q.asked.Namespace != "" {
		where = "in " + q.asked.Namespace
	}
	return fmt.Sprintf("%s/%s: %s %s %s", q.namespace, q.account, q.asked.Verb, resource, where)
}

// A resource by API group and plural, with what is below it after a slash.
type kind struct{ group, resource string }

// The resources of a server, and whether they are in namespaces.
type kinds map[kind]bool

// Groups that servers of their own answer for, and that have no resources here.
var aggregated = []string{"metrics.k8s.io", "custom.metrics.k8s.io"}

// What is left of an error of discovery if nobody minds that aggregated groups do not answer: a server notices late that
// somebody answers for them, or that nobody does any more.
func answered(err error) error {
	failed, isPartial := discovery.GroupDiscoveryFailedErrorGroups(err)
	if !isPartial {
		return err
	}
	for version := range failed {
		if !slices.Contains(aggregated, version.Group) {
			return err
		}
	}
	return nil
}

// What no discovery names, but roles do.
var unnamed = []kind{
	{core, "nodes/metrics"}, {core, "nodes/stats"}, {core, "nodes/log"}, {core, "nodes/proxy"},
	{core, "users"}, {core, "groups"}, {certGroup, "signers"},
	{"authentication.k8s.io", "userextras"},
}

// What can be done with any resource, and what with some.
var (
	verbs   = []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}
	special = map[kind][]string{
		{core, "users"}:                    {"impersonate"},
		{core, "groups"}:                   {"impersonate"},
		{core, "serviceaccounts"}:          {"impersonate"},
		{rbac, "roles"}:                    {"bind", "escalate"},
		{rbac, "clusterroles"}:             {"bind", "escalate"},
		{certGroup, "signers"}:             {"approve", "sign"},
		{"certificates.k8s.io", "signers"}: {"approve", "sign", "attest"},
	}
)

// Claim 3: the server's authorizer lets every account do what it needs, and nothing else; and so our table of rights says.
func (s *server) grants(ctx context.Context, platform platform, program string, claim *claim) error {
	holders := platform.holders()
	table, err := platform.rightsTable(ctx, program)
	if err != nil {
		return err
	}
	if err := s.knowsOnly(ctx, holders, claim); err != nil {
		return err
	}
	namespaces := append(slices.Clone(platform.namespaces), "kube-system", "")
	// who names no account has this one
	for _, namespace := range platform.namespaces {
		holders = append(holders, holder{namespace: namespace, name: "default"})
	}
	kinds, err := s.kinds()
	if err != nil {
		return err
	}
	questions := make(chan question, 1024)
	go func() {
		defer close(questions)
		for _, holder := range holders {
			for kind, isNamespaced := range kinds {
				if isNamespaced {
					holder.ask(kind, namespaces, questions)
				} else {
					holder.ask(kind, []string{""}, questions)
				}
			}
		}
	}()
	answers, err := s.authorizes(ctx, holders, table, questions, claim)
	claim.count("accounts", len(holders))
	claim.count("questions", answers)
	return err
}

// The server has these accounts and, but for `default`, no others.
func (s *server) knowsOnly(ctx context.Context, holders []holder, claim *claim) error {
	accounts, err := s.client.CoreV1().ServiceAccounts("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, account := range accounts.Items {
		if account.Name != "default" {
			known[account.Namespace+"/"+account.Name] = true
		}
	}
	for _, holder := range holders {
		id := holder.namespace + "/" + holder.name
		claim.holds(known[id], "there is no account %s", id)
		delete(known, id)
	}
	claim.holds(len(known) == 0, "nobody knows what these accounts are for: %v", slices.Sorted(maps.Keys(known)))
	return nil
}

// Every resource of the server, and what no discovery names.
func (s *server) kinds() (kinds, error) {
	_, lists, err := s.client.Discovery().ServerGroupsAndResources()
	if err := answered(err); err != nil {
		return nil, err
	}
	found := kinds{}
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			return nil, err
		}
		for _, resource := range list.APIResources {
			found[kind{version.Group, resource.Name}] = resource.Namespaced
		}
	}
	for _, kind := range unnamed {
		found[kind] = false
	}
	return found, nil
}

// Asks everything about one resource: in each namespace and everywhere, about any object and about those with a name
// that matters.
func (h holder) ask(kind kind, namespaces []string, questions chan<- question) {
	names := []string{""}
	for _, need := range h.needs {
		if len(need.names) > 0 && need.group == kind.group && slices.Contains(need.resources, kind.resource) {
			names = append(append(names, need.names...), "another")
		}
	}
	resource, below, _ := strings.Cut(kind.resource, "/")
	for _, verb := range slices.Concat(verbs, special[kind]) {
		for _, namespace := range namespaces {
			for _, name := range names {
				questions <- question{h.namespace, h.name, authorizationv1.ResourceAttributes{
					Namespace: namespace, Verb: verb, Group: kind.group, Version: "*",
					Resource: resource, Subresource: below, Name: name,
				}}
			}
		}
	}
}

func (h holder) may(asked authorizationv1.ResourceAttributes) bool {
	resource := asked.Resource
	if asked.Subresource != "" {
		resource += "/" + asked.Subresource
	}
	return slices.ContainsFunc(slices.Concat(h.needs, everybody), func(need need) bool {
		return need.group == asked.Group && slices.Contains(need.resources, resource) &&
			slices.Contains(need.verbs, asked.Verb) &&
			(need.namespace == "" || need.namespace == asked.Namespace) &&
			(len(need.names) == 0 || slices.Contains(need.names, asked.Name))
	})
}

const askers = 16

func (s *server) authorizes(
	ctx context.Context, holders []holder, table told, questions <-chan question, claim *claim,
) (int, error) {
	config := rest.CopyConfig(s.config)
	config.ContentType = "application/vnd.kubernetes.protobuf"
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return 0, err
	}
	known := map[string]holder{}
	for _, holder := range holders {
		known[holder.namespace+"/"+holder.name] = holder
	}
	var mu sync.Mutex
	var failed error
	answered := 0
	var wait sync.WaitGroup
	for range askers {
		wait.Go(func() {
			for question := range questions {
				is, err := ask(ctx, client, question)
				must := known[question.namespace+"/"+question.account].may(question.asked)
				mu.Lock()
				answered++
				if err == nil && is != table.says(question) {
					claim.holds(false, "the table of rights says %t, the server %t: %s", !is, is, question)
				}
				if err != nil {
					failed = err
				} else if is && !must {
					claim.holds(false, "may but need not: %s", question)
				} else if !is && must {
					claim.holds(false, "needs but may not: %s", question)
				}
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	slices.Sort(claim.faults)
	return answered, failed
}

func ask(ctx context.Context, client kubernetes.Interface, question question) (bool, error) {
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User:               account(question.namespace, question.account),
		Groups:             []string{"system:serviceaccounts", "system:serviceaccounts:" + question.namespace, "system:authenticated"},
		ResourceAttributes: &question.asked,
	}}
	answer, err := client.AuthorizationV1().SubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
	if err != nil {
		return false, err
	}
	return answer.Status.Allowed, nil
}
