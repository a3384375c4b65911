package main

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Somebody who has a network namespace: a pod, or somebody outside of the cluster, which has no namespace.
type standIn struct {
	name, namespace string
	labels          map[string]string
	// whose pod it is, if the platform has made it
	workload string
	// whether it is in a namespace of the platform
	ours        bool
	solver, dns bool
	// a second pod of the same, who is called and does not call
	twin      bool
	addresses []netip.Addr
	// what it is called in the world
	host string
	// ranges that are nodes', and the API server's
	nodes, servers []netip.Prefix
}

// Somebody at one of the addresses.
func (s standIn) at(address netip.Addr) spot {
	return spot{s, address, at(s.nodes...)(spot{address: address}), at(s.servers...)(spot{address: address})}
}

// Addresses that are worth a question, whatever the description says: on both sides of what `public` leaves out.
var (
	worldwide = []string{
		"8.8.8.8", "1.1.1.1", "9.255.255.254", "11.0.0.1", "100.63.255.254", "100.128.0.1", "169.253.255.254",
		"169.255.0.1", "172.15.255.254", "172.32.0.1", "192.167.255.254", "192.169.0.1",
		"2001:4860:4860::8888", "fbff:ffff::1", "fe00::1",
	}
	withdrawn = []string{
		"10.0.0.1", "10.255.255.254", "100.64.0.1", "100.127.255.254", "169.254.20.10", "169.254.169.254", "172.16.0.1",
		"172.31.255.254", "192.168.0.1", "192.168.255.254", "fc00::1", "fdff:ffff::1",
	}
)

const (
	nextDoor   = "elsewhere"
	kubeSystem = "kube-system"
)

// The cast of a platform: two pods of each workload, pods that nobody has declared, pods elsewhere that look the same,
// the DNS server, and whoever is outside.
func (p platform) cast(objects []unstructured.Unstructured) []standIn {
	var all []standIn
	for _, object := range objects {
		template := podTemplate(object)
		if template == nil {
			continue
		}
		labels, _, _ := unstructured.NestedStringMap(template, "metadata", "labels")
		one := standIn{
			name: object.GetNamespace() + "/" + object.GetName(), namespace: object.GetNamespace(),
			labels: labels, workload: object.GetName(), ours: true,
		}
		twin, double := one, one
		twin.name, twin.twin = one.name+", its twin", true
		double.name, double.namespace, double.workload, double.ours = "what looks like "+one.name, nextDoor, "", false
		all = append(all, one, twin, double)
	}
	for _, namespace := range p.namespaces {
		all = append(all,
			standIn{name: "a stranger in " + namespace, namespace: namespace, ours: true},
			standIn{
				name: "a solver in " + namespace, namespace: namespace, ours: true, solver: true,
				labels: map[string]string{"acme.cert-manager.io/http01-solver": "true"},
			})
	}
	all = append(all, p.nameservers()...)
	all = append(all, standIn{name: "a stranger " + nextDoor, namespace: nextDoor})
	taken := p.house(all)
	all = append(all, p.outside(taken)...)
	server := prefixes(textsOf(table(table(p.tree, "cluster"), "api-server")["cidrs"])...)
	for at := range all {
		all[at].nodes, all[at].servers = p.addresses("node-cidrs"), server
	}
	return all
}

// The pod template of what makes pods.
func podTemplate(object unstructured.Unstructured) map[string]any {
	path := []string{"spec", "template"}
	switch object.GetKind() {
	case "CronJob":
		path = []string{"spec", "jobTemplate", "spec", "template"}
	case "Deployment", "StatefulSet", "DaemonSet", "Job":
	default:
		return nil
	}
	template, _, _ := unstructured.NestedMap(object.Object, path...)
	return template
}

// The DNS server; a pod beside it, and a pod elsewhere that looks like it.
func (p platform) nameservers() []standIn {
	said := table(table(p.tree, "cluster"), "dns")
	namespace, labels := kubeSystem, map[string]string{"k8s-app": "kube-dns"}
	if said != nil {
		namespace, labels = fmt.Sprint(said["namespace"]), map[string]string{}
		for key, value := range table(said, "labels") {
			labels[key] = fmt.Sprint(value)
		}
	}
	return []standIn{
		{name: "the DNS server", namespace: namespace, labels: labels, dns: true},
		{name: "a pod beside the DNS server", namespace: namespace},
		{name: "what looks like the DNS server", namespace: nextDoor, labels: maps.Clone(labels)},
	}
}

// Gives every pod an address of each family; says which are taken.
func (p platform) house(all []standIn) map[netip.Addr]bool {
	usual := prefixes("10.244.0.0/16", "fd00:10:244::/64")
	ranges := map[bool]netip.Prefix{true: usual[0], false: usual[1]}
	for _, one := range slices.Backward(p.addresses("pod-cidrs")) {
		ranges[one.Addr().Is4()] = one
	}
	taken := map[netip.Addr]bool{}
	next := map[bool]netip.Addr{true: ranges[true].Addr(), false: ranges[false].Addr()}
	for range 10 {
		next[true], next[false] = next[true].Next(), next[false].Next()
	}
	for at := range all {
		for _, family := range []bool{true, false} {
			next[family] = next[family].Next()
			taken[next[family]] = true
			all[at].addresses = append(all[at].addresses, next[family])
		}
	}
	return taken
}

// Whom the description names, at the first and the last of their addresses; whoever is just beside them; and others.
func (p platform) outside(taken map[netip.Addr]bool) []standIn {
	var all []standIn
	var neighbours []netip.Addr
	add := func(one *standIn, addresses ...netip.Addr) {
		for _, address := range addresses {
			if address.IsValid() && !taken[address] {
				taken[address] = true
				one.addresses = append(one.addresses, address)
			}
		}
	}
	named := func(name, host string, ranges []string) {
		one := standIn{name: name, host: host}
		for _, text := range ranges {
			if text == "public" {
				add(&one, netip.AddrFrom4([4]byte{52, 0, 0, byte(len(all) + 1)}))
				continue
			}
			cidr := netip.MustParsePrefix(text)
			add(&one, inner(cidr)...)
			neighbours = append(neighbours, cidr.Masked().Addr().Prev(), last(cidr).Next())
		}
		if len(one.addresses) > 0 {
			all = append(all, one)
		}
	}
	named("the API server", "", textsOf(table(table(p.tree, "cluster"), "api-server")["cidrs"]))
	externals := table(p.tree, "externals")
	for _, name := range slices.Sorted(maps.Keys(externals)) {
		named(name, fmt.Sprint(table(externals, name)["host"]), textsOf(table(externals, name)["cidrs"]))
	}
	named("the DNS cache of a node", "", textsOf(table(p.tree, "cluster")["node-local-dns"]))
	named("a node", "", textsOf(table(p.tree, "cluster")["node-cidrs"]))
	for _, of := range []struct {
		name  string
		texts []string
	}{{"the world", worldwide}, {"a private network", withdrawn}} {
		one := standIn{name: of.name}
		for _, text := range of.texts {
			add(&one, netip.MustParseAddr(text))
		}
		all = append(all, one)
	}
	beside := standIn{name: "somebody beside them"}
	add(&beside, neighbours...)
	return append(all, beside)
}

// The first and the last address that somebody can have.
func inner(cidr netip.Prefix) []netip.Addr {
	first := cidr.Masked().Addr()
	if cidr.IsSingleIP() {
		return []netip.Addr{first}
	}
	return []netip.Addr{first.Next(), last(cidr).Prev()}
}

func last(cidr netip.Prefix) netip.Addr {
	bytes := cidr.Masked().Addr().AsSlice()
	for bit := cidr.Bits(); bit < 8*len(bytes); bit++ {
		bytes[bit/8] |= 0x80 >> (bit % 8)
	}
	address, _ := netip.AddrFromSlice(bytes)
	return address
}
