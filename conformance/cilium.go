package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// What Cilium makes of policies, as its documentation has it, as far as platforms use them.

// A policy of Cilium; what is not here, it must not have.
type ciliumPolicy struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Metadata   metav1.ObjectMeta `json:"metadata"`
	Spec       struct {
		EndpointSelector metav1.LabelSelector `json:"endpointSelector"`
		Ingress          []ciliumRule         `json:"ingress"`
		Egress           []ciliumRule         `json:"egress"`
	} `json:"spec"`
}

type ciliumRule struct {
	FromEntities []string               `json:"fromEntities"`
	ToEntities   []string               `json:"toEntities"`
	ToEndpoints  []metav1.LabelSelector `json:"toEndpoints"`
	ToFQDNs      []struct {
		MatchName    string `json:"matchName"`
		MatchPattern string `json:"matchPattern"`
	} `json:"toFQDNs"`
	ToPorts []struct {
		Ports []struct {
			Port     string `json:"port"`
			Protocol string `json:"protocol"`
		} `json:"ports"`
		// what is asked over the connection, which a filter of packets cannot see
		Rules any `json:"rules"`
	} `json:"toPorts"`
}

func readCilium(text []byte) (policy ciliumPolicy, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	err = decoder.Decode(&policy)
	return policy, err
}

// What it says about the pod, and whether it says anything.
func (c ciliumPolicy) about(way direction, of standIn, cast []standIn) (string, bool, error) {
	rules := c.Spec.Egress
	if way.of == inwards {
		rules = c.Spec.Ingress
	}
	if c.Metadata.Namespace != of.namespace || len(rules) == 0 {
		return "", false, nil
	}
	if is, err := selectsForCilium(c.Spec.EndpointSelector, of, c.Metadata.Namespace); err != nil || !is {
		return "", false, err
	}
	text := ""
	for _, rule := range rules {
		ports, err := rule.ports()
		if err != nil {
			return "", false, err
		}
		for _, one := range cast {
			for _, address := range one.addresses {
				is, err := rule.isFor(one.at(address), c.Metadata.Namespace)
				if err != nil {
					return "", false, err
				}
				for _, port := range ports {
					if is {
						text += fmt.Sprintf("%s %s %s %sreturn\n", protocol(address.Is4()), way.other, address, port)
					}
				}
			}
		}
	}
	return text, true, nil
}

// Whether somebody is at the other end. Whoever has a name has been asked for by it.
func (r ciliumRule) isFor(one spot, namespace string) (bool, error) {
	for _, entity := range slices.Concat(r.FromEntities, r.ToEntities) {
		switch entity {
		case "kube-apiserver":
			if one.isServer {
				return true, nil
			}
		case "host", "remote-node":
			if one.isNode {
				return true, nil
			}
		default:
			return false, fmt.Errorf("nobody here knows the entity %s", entity)
		}
	}
	for _, name := range r.ToFQDNs {
		below := strings.TrimPrefix(name.MatchPattern, "*")
		if one.host != "" && (one.host == name.MatchName || below != "" && strings.HasSuffix(one.host, below)) {
			return true, nil
		}
	}
	for _, selector := range r.ToEndpoints {
		if is, err := selectsForCilium(selector, one.standIn, namespace); err != nil || is {
			return is, err
		}
	}
	return false, nil
}

const namespaceForCilium = "io.kubernetes.pod.namespace"

// Without a word on the namespace, it is that of the policy.
func selectsForCilium(selector metav1.LabelSelector, one standIn, namespace string) (bool, error) {
	if one.namespace == "" {
		return false, nil
	}
	wanted := map[string]string{namespaceForCilium: namespace}
	for key, value := range selector.MatchLabels {
		wanted[strings.TrimPrefix(strings.TrimPrefix(key, "k8s:"), "any:")] = value
	}
	if len(selector.MatchExpressions) > 0 {
		return false, fmt.Errorf("nobody here knows the expressions of %v", selector)
	}
	of := labels.Merge(one.labels, labels.Set{namespaceForCilium: one.namespace})
	return labels.SelectorFromSet(wanted).Matches(of), nil
}

func (r ciliumRule) ports() ([]string, error) {
	var all []string
	for _, to := range r.ToPorts {
		for _, port := range to.Ports {
			if _, err := strconv.ParseUint(port.Port, 10, 16); err != nil || port.Protocol != "TCP" && port.Protocol != "UDP" {
				return nil, fmt.Errorf("nobody here knows the port %v", port)
			}
			all = append(all, fmt.Sprintf("%s dport %s ", strings.ToLower(port.Protocol), port.Port))
		}
	}
	if len(all) == 0 {
		return []string{""}, nil
	}
	return all, nil
}
