package main

import "fmt"

// What is measured of each component, written by hand from what the software serves; nothing here is read from what
// platformgen renders.

// A place where a component's pods serve metrics: its job, its workload, its container, and the port.
type outlet struct {
	job, namespace, workload, container string
	scheme                              string
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
	for _, of := range p.components {
		found = append(found, outletsOf(of)...)
	}
	return found
}

func outletsOf(of component) []outlet {
	own := outlet{of.name, of.namespace, of.name, of.name, "http", 0, of.name, of.kind}
	at := func(port int) outlet { own := own; own.port = port; return own }
	part := func(suffix, container string, port int) outlet {
		own := at(port)
		own.workload, own.container = own.workload+suffix, container
		return own
	}
	switch of.kind {
	case "web-service":
		own.job, own.port, own.says = of.namespace+"-services", portOf(of.keys["port"]), fmt.Sprint(of.keys["runtime"])
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
			itself.job, itself.says = of.name+"-self", of.kind+"-self"
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
			found = append(found, measured{outlet.scheme + "://" + at + "/metrics", labels, outlet.says})
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
