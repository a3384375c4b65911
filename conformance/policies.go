package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	core1 "k8s.io/api/core/v1"
	net1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// What policies mean, as the documentation of Kubernetes has it, written for nft. It knows nothing of platformgen.

// The policies of a stream, in which there is nothing that this does not know.
type regime struct {
	plain []net1.NetworkPolicy
	// if there are any, it is Cilium that reads the plain ones too
	cilium []ciliumPolicy
}

func policies(objects []unstructured.Unstructured) (found regime, err error) {
	for _, object := range objects {
		if !strings.HasSuffix(object.GetKind(), "NetworkPolicy") {
			continue
		}
		text, err := object.MarshalJSON()
		if err != nil {
			return found, err
		}
		switch object.GetKind() {
		case "NetworkPolicy":
			var policy net1.NetworkPolicy
			decoder := json.NewDecoder(bytes.NewReader(text))
			decoder.DisallowUnknownFields()
			err = decoder.Decode(&policy)
			found.plain = append(found.plain, policy)
		case "CiliumNetworkPolicy":
			var policy ciliumPolicy
			policy, err = readCilium(text)
			found.cilium = append(found.cilium, policy)
		default:
			err = fmt.Errorf("nobody here knows a %s", object.GetKind())
		}
		if err != nil {
			return found, fmt.Errorf("%s: %w", object.GetName(), err)
		}
	}
	return found, nil
}

// The labels of each namespace.
type namespaces map[string]labels.Set

func namespacesOf(objects []unstructured.Unstructured, cast []standIn) namespaces {
	all := namespaces{}
	for _, one := range cast {
		all[one.namespace] = labels.Set{}
	}
	for _, object := range objects {
		if object.GetKind() == "Namespace" {
			all[object.GetName()] = labels.Merge(object.GetLabels(), nil)
		}
	}
	for name, labels := range all {
		labels["kubernetes.io/metadata.name"] = name
	}
	return all
}

// A way of a connection, seen from a pod.
type direction struct {
	name string
	of   net1.PolicyType
	// the field of the pod's own address, and that of the other's
	own, other string
}

var directions = []direction{
	{"egress", outwards, "saddr", "daddr"},
	{"ingress", inwards, "daddr", "saddr"},
}

const outwards, inwards = net1.PolicyTypeEgress, net1.PolicyTypeIngress

// Whom a rule is for, and at which ports.
type allowance struct {
	peers []net1.NetworkPolicyPeer
	ports []net1.NetworkPolicyPort
}

func (d direction) allowances(policy net1.NetworkPolicy) []allowance {
	var all []allowance
	if d.of == inwards {
		for _, rule := range policy.Spec.Ingress {
			all = append(all, allowance{rule.From, rule.Ports})
		}
		return all
	}
	for _, rule := range policy.Spec.Egress {
		all = append(all, allowance{rule.To, rule.Ports})
	}
	return all
}

// Whether the policy says anything about this way: with no types it does about connections to its pods, and about those
// from them if it allows any.
func (d direction) isIn(policy net1.NetworkPolicy) bool {
	types := policy.Spec.PolicyTypes
	if len(types) == 0 {
		return d.of == inwards || len(policy.Spec.Egress) > 0
	}
	return slices.Contains(types, d.of)
}

// What a router does on whose wires these pods are: who is selected may connect as some policy allows, and is refused
// otherwise; replies pass.
func firewall(policies regime, cast []standIn, spaces namespaces) (string, error) {
	chains, jumps := "", ""
	for _, way := range directions {
		into := map[bool][]string{}
		for at, one := range cast {
			rules, selected, err := policies.rules(way, one, cast, spaces)
			if err != nil {
				return "", err
			}
			if !selected {
				continue
			}
			chain := fmt.Sprintf("%s%d", way.name, at)
			chains += fmt.Sprintf("chain %s {\n%sgoto refuse\n}\n", chain, rules)
			for _, address := range one.addresses {
				into[address.Is4()] = append(into[address.Is4()], fmt.Sprintf("%s : jump %s", address, chain))
			}
		}
		for is4, verdicts := range into {
			jumps += fmt.Sprintf("%s %s vmap { %s }\n", protocol(is4), way.own, strings.Join(verdicts, ", "))
		}
	}
	return "table inet policies {\nchain refuse {\nmeta l4proto tcp reject with tcp reset\nreject\n}\n" + chains +
		"chain forward {\ntype filter hook forward priority filter; policy drop;\nct state established,related accept\n" +
		jumps + "accept\n}\n}\n", nil
}

func protocol(is4 bool) string {
	if is4 {
		return "ip"
	}
	return "ip6"
}

// What somebody may do, and whether any policy is about it.
func (r regime) rules(d direction, of standIn, cast []standIn, spaces namespaces) (string, bool, error) {
	rules, selected := "", false
	for _, policy := range r.cilium {
		more, is, err := policy.about(d, of, cast)
		if err != nil {
			return "", false, fmt.Errorf("%s: %w", policy.Metadata.Name, err)
		}
		rules, selected = rules+more, selected || is
	}
	for _, policy := range r.plain {
		if policy.Namespace != of.namespace || !d.isIn(policy) {
			continue
		}
		mine, err := selects(&policy.Spec.PodSelector, of.labels)
		if err != nil {
			return "", false, err
		}
		if !mine {
			continue
		}
		selected = true
		for _, allowed := range d.allowances(policy) {
			peers, err := r.peers(d, allowed.peers, policy.Namespace, cast, spaces)
			if err != nil {
				return "", false, fmt.Errorf("%s: %w", policy.Name, err)
			}
			ports, err := matches(allowed.ports)
			if err != nil {
				return "", false, fmt.Errorf("%s: %w", policy.Name, err)
			}
			for _, peer := range peers {
				for _, port := range ports {
					rules += peer + port + "return\n"
				}
			}
		}
	}
	return rules, selected, nil
}

// The peers of a rule, one match each; none is everybody.
func (r regime) peers(
	d direction, peers []net1.NetworkPolicyPeer, namespace string, cast []standIn, spaces namespaces,
) ([]string, error) {
	if len(peers) == 0 {
		return []string{""}, nil
	}
	var all []string
	for _, peer := range peers {
		if peer.IPBlock != nil {
			one, err := r.block(d, *peer.IPBlock, cast)
			if err != nil {
				return nil, err
			}
			all = append(all, one)
			continue
		}
		for _, one := range cast {
			is, err := peerIs(peer, namespace, one, spaces)
			if err != nil {
				return nil, err
			}
			for _, address := range one.addresses {
				if is {
					all = append(all, fmt.Sprintf("%s %s %s ", protocol(address.Is4()), d.other, address))
				}
			}
		}
	}
	return all, nil
}

// Whether somebody is a peer of a policy in that namespace: whoever is no pod is none.
func peerIs(peer net1.NetworkPolicyPeer, namespace string, one standIn, spaces namespaces) (bool, error) {
	if one.namespace == "" {
		return false, nil
	}
	if peer.NamespaceSelector == nil && one.namespace != namespace {
		return false, nil
	}
	for _, both := range []struct {
		selector *metav1.LabelSelector
		labels   labels.Set
	}{{peer.NamespaceSelector, spaces[one.namespace]}, {peer.PodSelector, one.labels}} {
		if both.selector == nil {
			continue
		}
		if is, err := selects(both.selector, both.labels); err != nil || !is {
			return false, err
		}
	}
	return true, nil
}

// To Cilium, neither pods nor nodes nor the API server have addresses.
func (r regime) block(d direction, block net1.IPBlock, cast []standIn) (string, error) {
	cidr, err := netip.ParsePrefix(block.CIDR)
	if err != nil {
		return "", err
	}
	match := fmt.Sprintf("%s %s ", protocol(cidr.Addr().Is4()), d.other)
	text := match + cidr.String() + " "
	if len(block.Except) > 0 {
		text += match + "!= { " + strings.Join(block.Except, ", ") + " } "
	}
	var known []string
	for _, one := range cast {
		for _, address := range one.addresses {
			at := one.at(address)
			if address.Is4() == cidr.Addr().Is4() && (at.namespace != "" || at.isNode || at.isServer) && len(r.cilium) > 0 {
				known = append(known, address.String())
			}
		}
	}
	if len(known) > 0 {
		text += match + "!= { " + strings.Join(known, ", ") + " } "
	}
	return text, nil
}

func selects(selector *metav1.LabelSelector, of labels.Set) (bool, error) {
	selects, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && selects.Matches(of), err
}

// The ports of a rule, one match each; none is all.
func matches(ports []net1.NetworkPolicyPort) ([]string, error) {
	if len(ports) == 0 {
		return []string{""}, nil
	}
	var all []string
	for _, port := range ports {
		protocol := core1.ProtocolTCP
		if port.Protocol != nil {
			protocol = *port.Protocol
		}
		switch {
		case port.Port == nil:
			all = append(all, fmt.Sprintf("meta l4proto %s ", strings.ToLower(string(protocol))))
		case port.Port.Type == intstr.String:
			return nil, fmt.Errorf("the port %s has a name, which this cannot look up", port.Port.StrVal)
		default:
			last := port.Port.IntVal
			if port.EndPort != nil {
				last = *port.EndPort
			}
			all = append(all, fmt.Sprintf("%s dport %d-%d ", strings.ToLower(string(protocol)), port.Port.IntVal, last))
		}
	}
	return all, nil
}
