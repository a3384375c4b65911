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
}

var changes = []leak{
	{fault{"a policy in another namespace", "should reach site/site at 10.244"}, "on-nodes on 1.36", "site", "site",
		func(p *net1.NetworkPolicy) { p.Namespace = nextDoor }},
	{fault{"a namespace without its denial", "should not reach a stranger in site"}, "on-nodes on 1.36", "site", "default-deny-all",
		func(p *net1.NetworkPolicy) { p.Namespace = nextDoor }},
	{fault{"a policy for nobody", "certificates/certificates-webhook should reach the API server"},
		"on-nodes on 1.36", "certificates", "certificates-webhook",
		func(p *net1.NetworkPolicy) { p.Spec.PodSelector.MatchLabels["app.kubernetes.io/instance"] = "webhook" }},
	{fault{"a policy for everybody in its namespace", "certificates/certificates-webhook should not reach the world"},
		"on-nodes on 1.36", "certificates", "certificates",
		func(p *net1.NetworkPolicy) { p.Spec.PodSelector = metav1.LabelSelector{} }},
	{fault{"another port", "edge/ingress-nginx-controller should reach site/site at 10.244"}, "on-nodes on 1.36", "site", "site",
		func(p *net1.NetworkPolicy) { p.Spec.Ingress[0].Ports[0].Port.IntVal++ }},
	{fault{"all ports", "at 203.0.113.1:12345 by TCP"}, "on-nodes on 1.36", "certificates", "certificates-webhook",
		func(p *net1.NetworkPolicy) { p.Spec.Egress[0].Ports = nil }},
	{fault{"a protocol instead of a port", "at 203.0.113.1:443 by TCP"}, "on-nodes on 1.36", "certificates", "certificates-webhook",
		func(p *net1.NetworkPolicy) { p.Spec.Egress[0].Ports[0].Port = nil }},
	{fault{"DNS by TCP alone", "only/hello should reach the DNS server"}, "minimal on 1.36", "only", "allow-dns",
		func(p *net1.NetworkPolicy) {
			p.Spec.Egress[0].Ports = slices.DeleteFunc(p.Spec.Egress[0].Ports, func(port net1.NetworkPolicyPort) bool {
				return *port.Protocol == core1.ProtocolUDP
			})
		}},
	{fault{"namespace or pod instead of both", "should not reach a pod beside the DNS server"}, "minimal on 1.36", "only", "allow-dns",
		func(p *net1.NetworkPolicy) {
			peer := p.Spec.Egress[0].To[0]
			p.Spec.Egress[0].To = []net1.NetworkPolicyPeer{{NamespaceSelector: peer.NamespaceSelector}, {PodSelector: peer.PodSelector}}
		}},
	{fault{"pods of all namespaces", "what looks like edge/ingress-nginx-controller should not reach site/site"},
		"on-nodes on 1.36", "site", "site",
		func(p *net1.NetworkPolicy) { p.Spec.Ingress[0].From[0].NamespaceSelector = &metav1.LabelSelector{} }},
	{fault{"one side of a connection that is missing", "observability/boards should reach observability/metrics"},
		"monitoring-only on 1.36", "observability", "boards",
		func(p *net1.NetworkPolicy) { p.Spec.Egress = nil }},
	{fault{"the other side", "observability/boards should reach observability/metrics"},
		"monitoring-only on 1.36", "observability", "metrics",
		func(p *net1.NetworkPolicy) { p.Spec.Ingress = nil }},
	{fault{"a range too wide", "observability/pager should not reach somebody beside them at 198.51.100.6:465"},
		"monitoring-only on 1.36", "observability", "pager",
		func(p *net1.NetworkPolicy) { p.Spec.Egress[0].To[0].IPBlock.CIDR = "198.51.100.6/31" }},
	{fault{"a range too narrow", "system/notify should reach switch at 203.0.113.94:8443"}, "replicated on 1.37", "system", "notify",
		func(p *net1.NetworkPolicy) {
			for _, rule := range p.Spec.Egress {
				for at := range rule.To {
					if block := rule.To[at].IPBlock; block != nil && block.CIDR == "203.0.113.64/27" {
						block.CIDR = "203.0.113.64/28"
					}
				}
			}
		}},
	{fault{"everywhere, and not only the world", "certificates/certificates should not reach a private network at 169.254.169.254"},
		"on-nodes on 1.36", "certificates", "certificates",
		func(p *net1.NetworkPolicy) {
			block := p.Spec.Egress[0].To[1].IPBlock
			block.Except = slices.DeleteFunc(block.Except, func(one string) bool { return one == "169.254.0.0/16" })
		}},
	{fault{"everywhere by IPv6", "certificates/certificates should not reach a private network at [fc00::1]"},
		"on-nodes on 1.36", "certificates", "certificates",
		func(p *net1.NetworkPolicy) { p.Spec.Egress[0].To[2].IPBlock.Except = nil }},
	{fault{"a rule that allows everything", "only/hello should not reach the world"}, "minimal on 1.36", "only", "hello",
		func(p *net1.NetworkPolicy) { p.Spec.Egress = append(p.Spec.Egress, net1.NetworkPolicyEgressRule{}) }},
	{fault{"policies about one way only", "a stranger elsewhere should not reach a stranger in only"},
		"minimal on 1.36", "only", "default-deny-all",
		func(p *net1.NetworkPolicy) { p.Spec.PolicyTypes = []net1.PolicyType{net1.PolicyTypeEgress} }},
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
func (l leak) into(policies []net1.NetworkPolicy) {
	for at := range policies {
		if policies[at].Namespace == l.namespace && policies[at].Name == l.name {
			l.change(&policies[at])
			return
		}
	}
}
