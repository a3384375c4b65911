package main

import (
	"slices"

	core1 "k8s.io/api/core/v1"
	net1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A fault put into a rendered policy, to see that connections notice it.
type leak struct {
	fault
	// where that policy is
	platform, namespace, name string
	change                    func(*net1.NetworkPolicy)
	// the same of a policy of Cilium
	plugin func(*ciliumPolicy)
}

var changes = []leak{
	{fault{"a policy in another namespace", "should reach site/site at 10.244"}, "on-nodes on 1.36", "site", "site",
		func(p *net1.NetworkPolicy) { p.Namespace = nextDoor }, nil},
	{fault{"a namespace without its denial", "should not reach a stranger in site"},
		"on-nodes on 1.36", "site", "default-deny-all",
		func(p *net1.NetworkPolicy) { p.Namespace = nextDoor }, nil},
	{fault{"a policy for nobody", "certificates/certificates-webhook should reach the API server"},
		"on-nodes on 1.36", "certificates", "certificates-webhook",
		func(p *net1.NetworkPolicy) { p.Spec.PodSelector.MatchLabels["app.kubernetes.io/instance"] = "webhook" }, nil},
	{fault{"a policy for everybody in its namespace", "certificates/certificates-webhook should not reach the world"},
		"on-nodes on 1.36", "certificates", "certificates",
		func(p *net1.NetworkPolicy) { p.Spec.PodSelector = metav1.LabelSelector{} }, nil},
	{fault{"another port", "edge/ingress-nginx-controller should reach site/site at 10.244"},
		"on-nodes on 1.36", "site", "site",
		func(p *net1.NetworkPolicy) { p.Spec.Ingress[0].Ports[0].Port.IntVal++ }, nil},
	{fault{"all ports", "at 203.0.113.1:12345 by TCP"}, "on-nodes on 1.36", "certificates", "certificates-webhook",
		func(p *net1.NetworkPolicy) { p.Spec.Egress[0].Ports = nil }, nil},
	{fault{"a protocol instead of a port", "at 203.0.113.1:443 by TCP"},
		"on-nodes on 1.36", "certificates", "certificates-webhook",
		func(p *net1.NetworkPolicy) { p.Spec.Egress[0].Ports[0].Port = nil }, nil},
	{fault{"DNS by TCP alone", "only/hello should reach the DNS server"}, "minimal on 1.36", "only", "allow-dns",
		func(p *net1.NetworkPolicy) {
			p.Spec.Egress[0].Ports = slices.DeleteFunc(p.Spec.Egress[0].Ports, func(port net1.NetworkPolicyPort) bool {
				return *port.Protocol == core1.ProtocolUDP
			})
		}, nil},
	{fault{"namespace or pod instead of both", "should not reach a pod beside the DNS server"},
		"minimal on 1.36", "only", "allow-dns",
		func(p *net1.NetworkPolicy) {
			peer := p.Spec.Egress[0].To[0]
			one := net1.NetworkPolicyPeer{NamespaceSelector: peer.NamespaceSelector}
			other := net1.NetworkPolicyPeer{PodSelector: peer.PodSelector}
			p.Spec.Egress[0].To = []net1.NetworkPolicyPeer{one, other}
		}, nil},
	{fault{"pods of all namespaces", "what looks like edge/ingress-nginx-controller should not reach site/site"},
		"on-nodes on 1.36", "site", "site",
		func(p *net1.NetworkPolicy) { p.Spec.Ingress[0].From[0].NamespaceSelector = &metav1.LabelSelector{} }, nil},
	{fault{"one side of a connection that is missing", "observability/boards should reach observability/metrics"},
		"monitoring-only on 1.36", "observability", "boards",
		func(p *net1.NetworkPolicy) { p.Spec.Egress = nil }, nil},
	{fault{"the other side", "observability/boards should reach observability/metrics"},
		"monitoring-only on 1.36", "observability", "metrics",
		func(p *net1.NetworkPolicy) { p.Spec.Ingress = nil }, nil},
	{fault{"a range too wide", "observability/pager should not reach somebody beside them at 198.51.100.6:465"},
		"monitoring-only on 1.36", "observability", "pager",
		func(p *net1.NetworkPolicy) { p.Spec.Egress[0].To[0].IPBlock.CIDR = "198.51.100.6/31" }, nil},
	{fault{"a range too narrow", "system/notify should reach switch at 203.0.113.94:8443"},
		"replicated on 1.37", "system", "notify",
		func(p *net1.NetworkPolicy) {
			for _, rule := range p.Spec.Egress {
				for at := range rule.To {
					if block := rule.To[at].IPBlock; block != nil && block.CIDR == "203.0.113.64/27" {
						block.CIDR = "203.0.113.64/28"
					}
				}
			}
		}, nil},
	{fault{"everywhere, and not only the world", "should not reach a private network at 169.254.169.254"},
		"on-nodes on 1.36", "certificates", "certificates",
		func(p *net1.NetworkPolicy) {
			block := p.Spec.Egress[0].To[1].IPBlock
			block.Except = slices.DeleteFunc(block.Except, func(one string) bool { return one == "169.254.0.0/16" })
		}, nil},
	{fault{"everywhere by IPv6", "certificates/certificates should not reach a private network at [fc00::1]"},
		"on-nodes on 1.36", "certificates", "certificates",
		func(p *net1.NetworkPolicy) { p.Spec.Egress[0].To[2].IPBlock.Except = nil }, nil},
	{fault{"a rule that allows everything", "only/hello should not reach the world"},
		"minimal on 1.36", "only", "hello",
		func(p *net1.NetworkPolicy) { p.Spec.Egress = append(p.Spec.Egress, net1.NetworkPolicyEgressRule{}) }, nil},
	{fault{"policies about one way only", "a stranger elsewhere should not reach a stranger in only"},
		"minimal on 1.36", "only", "default-deny-all",
		func(p *net1.NetworkPolicy) { p.Spec.PolicyTypes = []net1.PolicyType{net1.PolicyTypeEgress} }, nil},
	{fault{"another name in the world", "back/orders should reach payments"},
		"different on 1.35", "back", "orders", nil,
		func(p *ciliumPolicy) { p.Spec.Egress[0].ToFQDNs[0].MatchName = "payments.example" }},
	{fault{"an entity too many", "tools/seals should not reach a node"}, "different on 1.35", "tools", "seals", nil,
		func(p *ciliumPolicy) {
			p.Spec.Egress[0].ToEntities = append(p.Spec.Egress[0].ToEntities, "remote-node")
		}},
}

// What this claim must notice.
var leaks = func() []fault {
	var all []fault
	for _, one := range changes {
		all = append(all, one.fault)
	}
	return all
}()

// Puts a fault into the policies of its platform.
func (l leak) into(policies regime) {
	for at := range policies.plain {
		if one := &policies.plain[at]; l.change != nil && one.Namespace == l.namespace && one.Name == l.name {
			l.change(one)
			return
		}
	}
	for at := range policies.cilium {
		one := &policies.cilium[at]
		if l.plugin != nil && one.Metadata.Namespace == l.namespace && one.Metadata.Name == l.name {
			l.plugin(one)
		}
	}
}
