package main

import (
	"fmt"
	"slices"
)

// What is measured of each component, written by hand from what the software serves; nothing here is read from what
// platformgen renders.

// A place where a component's pods serve metrics: its job, its workload, its container, and the port.
type outlet struct {
	job, namespace, workload, container string
	scheme, path                        string
	port                                int
	// who its series are about, as rules and dashboards name them; empty if its series say so themselves
	service string
	// the name of what it serves
	says string
}

// A target as Prometheus must find it.
type measured struct {
	url    string
	labels map[string]string
	says   string
}

const (
	nodePort = 10250
	wholePod = "http"
)

// Where the components of a platform serve metrics.
func (p platform) outlets() []outlet {
	var found []outlet
	paths := map[string][]string{}
	for _, of := range p.components {
		for _, outlet := range p.outletsOf(of) {
			found = append(found, outlet)
			if !slices.Contains(paths[outlet.job], outlet.path) {
				paths[outlet.job] = append(paths[outlet.job], outlet.path)
			}
		}
	}
	// a job has one path: who has another makes a second job, in the order of the paths
	for at := range found {
		slices.Sort(paths[found[at].job])
		if place := slices.Index(paths[found[at].job], found[at].path); place > 0 {
			found[at].job = fmt.Sprintf("%s-%d", found[at].job, place+1)
		}
	}
	return found
}

func (p platform) outletsOf(of component) []outlet {
	own := outlet{of.kind, of.namespace, of.name, of.name, "http", "/metrics", 0, of.name, of.kind}
	at := func(port int) outlet { own := own; own.port = port; return own }
	part := func(suffix, container string, port int) outlet {
		own := at(port)
		own.workload, own.container = own.workload+suffix, container
		return own
	}
	switch of.kind {
	case "web-service":
		own.job, own.port, own.says = of.namespace+"-services", portOf(of.keys["port"]), "unknown"
		if runtime, said := of.keys["runtime"].(string); said {
			own.says = runtime
		}
		for _, said := range []any{p.defaults["metrics"], of.keys["metrics"]} {
			switch said := said.(type) {
			case string:
				own.path = said
			case map[string]any:
				if said["port"] != nil {
					own.port = portOf(said["port"])
				}
				if path, is := said["path"].(string); is {
					own.path = path
				}
			}
		}
		if !of.hasMetrics() {
			return nil
		}
		return []outlet{own}
	case "registry":
		return []outlet{at(5001)}
	case "prometheus":
		return []outlet{at(9090)}
	case "alertmanager":
		return []outlet{at(9093)}
	case "grafana":
		return []outlet{at(3000)}
	case "prometheus-adapter":
		own.scheme, own.port = "https", 6443
		return []outlet{own}
	case "ingress-nginx":
		own.workload, own.container, own.port = "ingress-nginx-controller", "controller", 10254
		return []outlet{own}
	case "cert-manager":
		return []outlet{
			part("", "controller", 9402), part("-cainjector", "cainjector", 9402), part("-webhook", "webhook", 9402),
		}
	case "kube-state-metrics":
		var found []outlet
		for _, suffix := range []string{"", "-cluster"} {
			about, itself := part(suffix, of.name, 8080), part(suffix, of.name, 8081)
			about.service, about.says = "", of.kind+suffix
			itself.job, itself.says = of.kind+"-self", of.kind+"-self"
			found = append(found, about, itself)
		}
		return found
	}
	return nil
}

func portOf(of any) int {
	many, _ := of.(int64)
	return int(many)
}

// Every target that there must be, of these pods on these nodes.
func (p platform) targets(pods []placed, nodes []machine) []measured {
	var found []measured
	for _, outlet := range p.outlets() {
		for _, pod := range pods {
			if pod.Namespace != outlet.namespace || pod.Workload != outlet.workload {
				continue
			}
			at := fmt.Sprintf("%s:%d", pod.Address, outlet.port)
			labels := map[string]string{"job": outlet.job, "instance": at}
			if outlet.service != "" {
				labels["namespace"], labels["pod"], labels["container"] = outlet.namespace, pod.Name, outlet.container
				labels["service"], labels["node"] = outlet.service, pod.Node
			}
			found = append(found, measured{outlet.scheme + "://" + at + outlet.path, labels, outlet.says})
		}
	}
	if p.one("prometheus").says("kubelet", false) {
		return found
	}
	for _, node := range nodes {
		at := fmt.Sprintf("%s:%d", node.Address, nodePort) // called by their names, not by their addresses
		for job, path := range map[string]string{"kubelet": "/metrics", "cadvisor": "/metrics/cadvisor"} {
			labels := map[string]string{"job": job, "instance": node.Name, "node": node.Name}
			found = append(found, measured{"https://" + at + path, labels, job})
		}
	}
	return found
}
