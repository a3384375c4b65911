package main

import (
	"net/netip"
	"slices"
)

// Who connects to whom, written by hand from what the description says and what the software does; nothing here is read
// from what platformgen renders.

// Somebody at an end of a connection, and the address there.
type spot struct {
	standIn
	address netip.Addr
	// what that address is for
	isNode, isServer bool
}

// Those at an end of a connection.
type end func(spot) bool

// Connections to these ports of the pods themselves.
type edge struct {
	from, to end
	tcp, udp []int
}

func (e edge) has(from, to spot, port int, udp bool) bool {
	ports := e.tcp
	if udp {
		ports = e.udp
	}
	return slices.Contains(ports, port) && e.from(from) && e.to(to)
}

// All pods of a workload.
func pods(namespace, workload string) end {
	return func(p spot) bool { return p.ours && p.workload == workload && p.namespace == namespace }
}

func among(ends ...end) end {
	return func(p spot) bool { return slices.ContainsFunc(ends, func(end end) bool { return end(p) }) }
}

// Every pod in a namespace of the platform, whoever made it.
func (p platform) everyPod(one spot) bool { return slices.Contains(p.namespaces, one.namespace) }

// Everybody whom no policy holds back.
func outsiders(p spot) bool { return !p.ours }

// Pods that cert-manager makes while it proves to an authority whose a name is.
func solvers(namespace string) end {
	return func(p spot) bool { return p.ours && p.solver && p.namespace == namespace }
}

// Those of them who have an address, which pods have not if Cilium is asked.
func (p platform) addressed(one spot) bool {
	return outsiders(one) && (one.namespace == "" || !p.cilium())
}

func dnsServers(p spot) bool { return p.dns }

func at(ranges ...netip.Prefix) end {
	return func(p spot) bool {
		return slices.ContainsFunc(ranges, func(one netip.Prefix) bool { return one.Contains(p.address) })
	}
}

// What `public` leaves out, and the cluster's own addresses.
var private = prefixes(
	"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7", "fe80::/10",
)

func (p platform) public() end {
	own := slices.Concat(p.addresses("pod-cidrs"), p.addresses("service-cidrs"), p.addresses("node-cidrs"))
	not := at(slices.Concat(private, own)...)
	return func(p spot) bool { return !not(p) }
}

// Where an external is.
func (p platform) whereabouts(external map[string]any) end {
	var ends []end
	for _, text := range textsOf(external["cidrs"]) {
		switch {
		case text == "public" && p.cilium(): // which knows it by its name
			ends = append(ends, func(one spot) bool { return one.host != "" && one.host == external["host"] })
		case text == "public":
			ends = append(ends, p.public())
		default:
			ends = append(ends, at(netip.MustParsePrefix(text)))
		}
	}
	return among(ends...)
}

// Everything that may be; whatever is not here must not.
func (p platform) edges() []edge {
	cache := at(p.addresses("node-local-dns")...)
	all := []edge{
		{from: p.everyPod, to: dnsServers, tcp: p.dnsPorts(), udp: p.dnsPorts()},
		{from: p.everyPod, to: cache, tcp: []int{53}, udp: []int{53}},
	}
	if p.installs {
		server := component{name: "metrics-server", namespace: kubeSystem}
		all = append(all, edge{from: outsiders, to: server.pods(""), tcp: []int{10250}},
			edge{from: server.pods(""), to: p.nodes(), tcp: []int{10250}}, p.toServer(server, ""))
	}
	for _, of := range p.components {
		all = append(all, p.calls(of)...)
		all = append(all, p.asks(of)...)
		all = append(all, p.isAsked(of)...)
	}
	return all
}

// What the description says that it calls.
func (p platform) calls(of component) []edge {
	var all []edge
	for _, name := range textsOf(of.keys["calls"]) {
		from := of.pods("")
		if external := table(table(p.tree, "externals"), name); external != nil {
			all = append(all, edge{from: from, to: p.whereabouts(external), tcp: []int{wholeNumber(external["port"])}})
		}
		for _, called := range p.components {
			if called.name == name {
				all = append(all, edge{from: from, to: called.pods(""), tcp: []int{called.port()}})
			}
		}
	}
	return all
}

// What software of its kind asks by itself.
func (p platform) asks(of component) []edge {
	api := func(parts ...string) edge { return p.toServer(of, parts...) }
	switch of.kind {
	case "registry":
		if of.keys["garbage-collection"] != nil {
			return []edge{api("-gc")}
		}
	case "kube-state-metrics":
		return []edge{api("", "-cluster")}
	case "prometheus-adapter":
		return []edge{api("")}
	case "prometheus":
		all := []edge{api("")}
		if !of.says("kubelet", false) {
			all = append(all, edge{from: of.pods(""), to: p.nodes(), tcp: []int{10250}})
		}
		return all
	case "alertmanager":
		if wholeNumber(of.keys["replicas"]) > 1 { // they tell each other what they have sent
			return []edge{{from: of.pods(""), to: of.pods(""), tcp: []int{9094}, udp: []int{9094}}}
		}
	case "ingress-nginx":
		return []edge{api("")}
	case "cert-manager":
		all := []edge{api("", "-cainjector", "-webhook")}
		if of.challenges() { // to the authority, and to see whether the answer to a challenge can be seen from outside
			all = append(all, edge{from: of.pods(""), to: p.public(), tcp: []int{80, 443}})
			for _, ingress := range p.kind("ingress-nginx") {
				all = append(all, edge{from: of.pods(""), to: ingress.pods(""), tcp: []int{80, 443}})
			}
		}
		return all
	}
	return nil
}

// The API server, at all of its ports.
func (p platform) toServer(of component, parts ...string) edge {
	server := table(table(p.tree, "cluster"), "api-server")
	return edge{from: of.pods(parts...), to: p.whereabouts(server), tcp: numbers(server["ports"])}
}

func (p platform) nodes() end { return at(p.addresses("node-cidrs")...) }

// Whether it is Cilium that reads policies.
func (p platform) cilium() bool { return table(p.tree, "cluster")["cni"] == "cilium" }

// Where pods resolve names.
func (p platform) dnsPorts() []int {
	if port := wholeNumber(table(table(p.tree, "cluster"), "dns")["port"]); port != 0 {
		return []int{port}
	}
	return []int{53}
}

// Who asks software of its kind: those who route to it, who scrape it, and everybody where it is for everybody.
func (p platform) isAsked(of component) []edge {
	var all []edge
	for _, ingress := range p.kind("ingress-nginx") {
		if of.keys["route"] != nil {
			all = append(all, edge{from: ingress.pods(""), to: of.pods(""), tcp: []int{of.port()}})
			for _, manager := range p.kind("cert-manager") {
				if manager.challenges() {
					all = append(all, edge{from: ingress.pods(""), to: solvers(of.namespace), tcp: []int{8089}})
				}
			}
		}
	}
	for _, prometheus := range p.kind("prometheus") {
		if of.hasMetrics() && (of.name != prometheus.name || wholeNumber(of.keys["replicas"]) > 1) {
			parts, ports := p.metrics(of)
			all = append(all, edge{from: prometheus.pods(""), to: of.pods(parts...), tcp: ports})
		}
	}
	switch of.kind {
	case "ingress-nginx": // what is published, and what the API server asks, which may come from anywhere
		all = append(all, edge{from: p.addressed, to: of.pods(""), tcp: []int{80, 443}},
			edge{from: outsiders, to: of.pods(""), tcp: []int{8443}})
	case "cert-manager":
		all = append(all, edge{from: outsiders, to: of.pods("-webhook"), tcp: []int{10250}})
	case "prometheus-adapter":
		all = append(all, edge{from: outsiders, to: of.pods(""), tcp: []int{6443}})
	}
	return all
}

// Where its metrics are.
func (p platform) metrics(of component) (parts []string, ports []int) {
	switch of.kind {
	case "web-service":
		for _, said := range []any{of.keys["metrics"], table(p.tree, "defaults")["metrics"]} {
			if port := wholeNumber(table(map[string]any{"": said}, "")["port"]); port != 0 {
				return []string{""}, []int{port}
			}
		}
		return []string{""}, []int{of.port()}
	case "kube-state-metrics":
		return []string{"", "-cluster"}, []int{8080, 8081}
	case "cert-manager":
		return []string{"", "-cainjector", "-webhook"}, []int{9402}
	case "ingress-nginx":
		return []string{""}, []int{10254}
	case "registry":
		return []string{""}, []int{5001}
	}
	return []string{""}, []int{of.port()}
}

// Where it answers to whom it is there for.
func (c component) port() int {
	known := map[string]int{
		"registry": 5000, "registry-ui": 8080,
		"prometheus": 9090, "alertmanager": 9093, "grafana": 3000, "prometheus-adapter": 6443,
	}
	if port, ok := known[c.kind]; ok {
		return port
	}
	return wholeNumber(c.keys["port"])
}

// The pods of its workloads, which are called as it is and a part more.
func (c component) pods(parts ...string) end {
	name := c.name
	if c.kind == "ingress-nginx" {
		name = "ingress-nginx-controller"
	}
	var ends []end
	for _, part := range parts {
		ends = append(ends, pods(c.namespace, name+part))
	}
	return among(ends...)
}

// Whether it proves to an authority whose the names are.
func (c component) challenges() bool {
	issuer, _ := c.keys["issuer"].(string)
	return issuer == "letsencrypt" || issuer == "letsencrypt-staging" || c.says("acme", true)
}

func (p platform) kind(kind string) []component {
	return slices.DeleteFunc(slices.Clone(p.components), func(of component) bool { return of.kind != kind })
}

// The ranges that the description says of the cluster.
func (p platform) addresses(key string) []netip.Prefix {
	return prefixes(textsOf(table(p.tree, "cluster")[key])...)
}

func prefixes(all ...string) []netip.Prefix {
	var found []netip.Prefix
	for _, one := range all {
		found = append(found, netip.MustParsePrefix(one))
	}
	return found
}

func textsOf(of any) []string {
	var found []string
	list, _ := of.([]any)
	for _, one := range list {
		text, _ := one.(string)
		found = append(found, text)
	}
	return found
}

func numbers(of any) []int {
	var found []int
	list, _ := of.([]any)
	for _, one := range list {
		found = append(found, wholeNumber(one))
	}
	return found
}

func wholeNumber(of any) int {
	said, _ := of.(int64)
	return int(said)
}
