package main

import "slices"

// What each service account needs, written by hand from what the software does and what its makers say that it needs;
// nothing here is read from what platformgen renders.

// A need is verbs on resources of an API group, in a namespace or everywhere, perhaps of certain names only.
type need struct {
	verbs     []string
	group     string
	resources []string
	// empty is the whole cluster
	namespace string
	// empty is every name
	names []string
}

// A service account that must exist, and what it must be able to do: no more and no less.
type holder struct {
	namespace, name string
	needs           []need
}

var (
	read    = []string{"get", "list", "watch"}
	observe = []string{"list", "watch"}
)

const (
	core       = ""
	apps       = "apps"
	rbac       = "rbac.authorization.k8s.io"
	networking = "networking.k8s.io"
	certGroup  = "cert-manager.io"
	acme       = "acme.cert-manager.io"
)

// Every account may ask the server about itself and, where it has them (from 1.37 on), whom clusters trust.
var everybody = []need{
	{verbs: read, group: "certificates.k8s.io", resources: []string{"clustertrustbundles"}},
	{verbs: []string{"create"}, group: "authorization.k8s.io", resources: []string{"selfsubjectaccessreviews", "selfsubjectrulesreviews"}},
	{verbs: []string{"create"}, group: "authentication.k8s.io", resources: []string{"selfsubjectreviews"}},
}

// The accounts of a platform.
func (p platform) holders() []holder {
	var found []holder
	for _, of := range p.components {
		found = append(found, p.holdersOf(of)...)
	}
	if p.installs {
		found = append(found, holder{"kube-system", "metrics-server", append(delegates(),
			need{verbs: read, resources: []string{"pods", "nodes"}},
			need{verbs: []string{"get"}, resources: []string{"nodes/metrics"}},
		)})
	}
	return found
}

func (p platform) holdersOf(of component) []holder {
	own := func(suffix string, needs ...need) holder { return holder{of.namespace, of.name + suffix, needs} }
	switch of.kind {
	case "web-service", "registry-ui", "grafana", "alertmanager":
		return []holder{own("")}
	case "registry":
		if of.keys["garbage-collection"] == nil {
			return []holder{own("")}
		}
		// restarts the registry, whose start collects the garbage
		return []holder{own(""), own("-gc", need{
			verbs: []string{"get", "patch"}, group: apps, resources: []string{"deployments"},
			namespace: of.namespace, names: []string{of.name},
		})}
	case "prometheus":
		return []holder{own("", p.discovery(of)...)}
	case "kube-state-metrics":
		return []holder{own("", p.states()...), own("-cluster", need{verbs: observe, resources: []string{"namespaces", "nodes"}})}
	case "prometheus-adapter":
		return []holder{own("", append(delegates(), need{verbs: read, resources: []string{"pods", "namespaces"}})...)}
	case "ingress-nginx":
		return []holder{{of.namespace, "ingress-nginx-controller", p.ingress(of)}}
	case "cert-manager":
		return []holder{own("", certificates(of)...), own("-cainjector", injection(of)...), own("-webhook", validation(of)...)}
	}
	return nil
}

// Finds pods in the namespaces in which somebody has metrics, and kubelets.
func (p platform) discovery(of component) []need {
	var needs []need
	for _, namespace := range p.namespaces {
		if !slices.ContainsFunc(p.components, func(of component) bool { return of.namespace == namespace && of.hasMetrics() }) {
			continue
		}
		needs = append(needs, need{verbs: read, resources: []string{"pods"}, namespace: namespace})
	}
	if !of.says("kubelet", false) {
		needs = append(needs, need{verbs: read, resources: []string{"nodes"}},
			need{verbs: []string{"get"}, resources: []string{"nodes/metrics"}})
	}
	return needs
}

// The user interface of the registry has none, and a service may have none.
func (c component) hasMetrics() bool { return c.kind != "registry-ui" && !c.says("metrics", "off") }

func (p platform) states() []need {
	var needs []need
	for _, namespace := range p.namespaces {
		for group, resources := range map[string][]string{
			core:          {"pods", "persistentvolumeclaims", "resourcequotas"},
			apps:          {"deployments", "replicasets", "statefulsets", "daemonsets"},
			"batch":       {"jobs", "cronjobs"},
			"autoscaling": {"horizontalpodautoscalers"},
			"policy":      {"poddisruptionbudgets"},
			networking:    {"ingresses"},
		} {
			needs = append(needs, need{verbs: observe, group: group, resources: resources, namespace: namespace})
		}
	}
	return needs
}

// What every aggregated API needs: it asks the server who its callers are and what they may do.
func delegates() []need {
	return []need{
		{verbs: []string{"create"}, group: "authentication.k8s.io", resources: []string{"tokenreviews"}},
		{verbs: []string{"create"}, group: "authorization.k8s.io", resources: []string{"subjectaccessreviews"}},
		{verbs: read, resources: []string{"configmaps"}, namespace: "kube-system", names: []string{"extension-apiserver-authentication"}},
	}
}

func (p platform) ingress(of component) []need {
	lease := p.prefix + "-ingress-nginx-leader"
	return []need{
		{verbs: observe, resources: []string{"configmaps", "endpoints", "nodes", "pods", "secrets", "namespaces"}},
		{verbs: observe, group: "coordination.k8s.io", resources: []string{"leases"}},
		{verbs: []string{"get"}, resources: []string{"nodes"}},
		{verbs: read, resources: []string{"services"}},
		{verbs: read, group: networking, resources: []string{"ingresses", "ingressclasses"}},
		{verbs: []string{"update"}, group: networking, resources: []string{"ingresses/status"}},
		{verbs: read, group: "discovery.k8s.io", resources: []string{"endpointslices"}},
		{verbs: []string{"create", "patch"}, resources: []string{"events"}},
		{verbs: []string{"get"}, resources: []string{"namespaces"}, namespace: of.namespace},
		{verbs: read, resources: []string{"configmaps", "pods", "secrets", "endpoints"}, namespace: of.namespace},
		{verbs: []string{"get", "update"}, group: "coordination.k8s.io", resources: []string{"leases"}, namespace: of.namespace, names: []string{lease}},
		{verbs: []string{"create"}, group: "coordination.k8s.io", resources: []string{"leases"}, namespace: of.namespace},
	}
}

// What the makers of cert-manager grant to its controllers, without the Gateway API, OpenShift and signing requests.
func certificates(of component) []need {
	change := []string{"update", "patch"}
	return append([]need{
		{verbs: slices.Concat(read, change), group: certGroup, resources: []string{"issuers", "clusterissuers"}},
		{verbs: slices.Concat(read, change, []string{"create", "delete"}), group: certGroup, resources: []string{"certificates", "certificaterequests"}},
		{verbs: change, group: certGroup, resources: []string{"issuers/status", "clusterissuers/status", "certificates/status", "certificaterequests/status"}},
		{verbs: []string{"update"}, group: certGroup, resources: []string{"issuers/finalizers", "clusterissuers/finalizers", "certificates/finalizers", "certificaterequests/finalizers"}},
		{verbs: []string{"approve"}, group: certGroup, resources: []string{"signers"}, names: []string{"issuers.cert-manager.io/*", "clusterissuers.cert-manager.io/*"}},
		{verbs: slices.Concat(read, change, []string{"create", "delete"}), group: acme, resources: []string{"orders", "challenges"}},
		{verbs: change, group: acme, resources: []string{"orders/status", "challenges/status"}},
		{verbs: []string{"update"}, group: acme, resources: []string{"orders/finalizers", "challenges/finalizers"}},
		{verbs: slices.Concat(read, change, []string{"create", "delete"}), resources: []string{"secrets"}},
		{verbs: slices.Concat(read, []string{"create", "delete"}), resources: []string{"pods", "services"}},
		{verbs: slices.Concat(read, []string{"create", "delete", "update"}), group: networking, resources: []string{"ingresses"}},
		{verbs: []string{"update"}, group: networking, resources: []string{"ingresses/finalizers"}},
		{verbs: []string{"create", "patch"}, resources: []string{"events"}},
	}, leads(of, "cert-manager-controller")...)
}

// What the makers of cert-manager grant to its injector.
func injection(of component) []need {
	fill := []string{"get", "list", "watch", "update", "patch"}
	return append([]need{
		{verbs: read, group: certGroup, resources: []string{"certificates"}},
		{verbs: read, resources: []string{"secrets"}},
		{verbs: fill, group: "admissionregistration.k8s.io", resources: []string{"validatingwebhookconfigurations", "mutatingwebhookconfigurations"}},
		{verbs: fill, group: "apiregistration.k8s.io", resources: []string{"apiservices"}},
		{verbs: fill, group: "apiextensions.k8s.io", resources: []string{"customresourcedefinitions"}},
		{verbs: []string{"get", "create", "update", "patch"}, resources: []string{"events"}},
	}, leads(of, "cert-manager-cainjector-leader-election")...)
}

func validation(of component) []need {
	authority := []string{of.name + "-webhook-ca"}
	return []need{
		{verbs: []string{"create"}, group: "authorization.k8s.io", resources: []string{"subjectaccessreviews"}},
		{verbs: append(slices.Clone(read), "update"), resources: []string{"secrets"}, namespace: of.namespace, names: authority},
		{verbs: []string{"create"}, resources: []string{"secrets"}, namespace: of.namespace},
	}
}

func leads(of component, lease string) []need {
	return []need{
		{verbs: []string{"get", "update", "patch"}, group: "coordination.k8s.io", resources: []string{"leases"}, namespace: of.namespace, names: []string{lease}},
		{verbs: []string{"create"}, group: "coordination.k8s.io", resources: []string{"leases"}, namespace: of.namespace},
	}
}
