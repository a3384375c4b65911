package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"

	net1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A port that nobody has declared.
const undeclared = 12345

// Lets everybody connect to everybody, through a router that does what the rendered policies say.
func (j *judge) connects(ctx context.Context, platforms []platform, fault string, to *claim) error {
	change := leak{}
	if fault != "" {
		change = changes[slices.IndexFunc(changes, func(one leak) bool { return one.what == fault })]
	}
	platforms, err := withCilium(platforms)
	if err != nil {
		return err
	}
	for _, platform := range platforms {
		if platform.minor != platform.own {
			continue // who may connect does not depend on the minor
		}
		if fault != "" && platform.title() != change.platform {
			continue
		}
		found := &claim{}
		if err := j.connect(ctx, platform, change, found); err != nil {
			return fmt.Errorf("%s: %w", platform.title(), err)
		}
		to.take(platform.title(), found)
	}
	return nil
}

// The flagship once more for the plugin that does not read policies as they are written.
func withCilium(platforms []platform) ([]platform, error) {
	all := slices.Clone(platforms)
	for _, one := range platforms {
		if one.name != "flagship" || one.environment != "" {
			continue
		}
		text := plugin.ReplaceAllString(one.text, `${1}"cilium"`)
		other := platform{name: one.name + " with Cilium", minor: one.minor, own: one.own, text: text}
		if err := other.read(); err != nil {
			return nil, err
		}
		if !other.cilium() {
			return nil, errors.New("the flagship does not say its plugin")
		}
		all = append(all, other)
	}
	return all, nil
}

var plugin = regexp.MustCompile(`(?m)^(cni\s*=\s*)"[^"]*"`)

func (j *judge) connect(ctx context.Context, platform platform, change leak, to *claim) error {
	stream, err := platform.render(ctx, j.programs.platformgen)
	if err != nil {
		return err
	}
	objects, err := objects(stream)
	if err != nil {
		return err
	}
	policies, err := policies(objects)
	if err != nil {
		return err
	}
	change.into(policies)
	cast := platform.cast(objects)
	rules, err := firewall(policies, cast, namespacesOf(objects, cast))
	if err != nil {
		return err
	}
	edges := platform.edges()
	ports := portsOf(objects, policies.plain, edges)
	e := experiment{Rules: rules, Ports: ports, Questions: questions(cast, ports)}
	for _, one := range cast {
		e.StandIns = append(e.StandIns, presence{one.name, one.addresses})
	}
	outcomes, err := e.run(ctx)
	if err != nil {
		return err
	}
	compare(e.Questions, outcomes, cast, edges, to)
	to.count("stand-ins", len(cast))
	return nil
}

// All ports that somebody has declared, and one that nobody has.
func portsOf(objects []unstructured.Unstructured, policies []net1.NetworkPolicy, edges []edge) []int {
	all := map[int]bool{undeclared: true}
	for _, object := range objects {
		template := podTemplate(object)
		containers, _, _ := unstructured.NestedSlice(template, "spec", "containers")
		for _, container := range containers {
			ports, _, _ := unstructured.NestedSlice(container.(map[string]any), "ports")
			for _, port := range ports {
				all[wholeNumber(port.(map[string]any)["containerPort"])] = true
			}
		}
	}
	for _, policy := range policies {
		for _, way := range directions {
			for _, allowed := range way.allowances(policy) {
				for _, port := range allowed.ports {
					if port.Port != nil {
						all[port.Port.IntValue()] = true
					}
				}
			}
		}
	}
	for _, edge := range edges {
		for _, port := range slices.Concat(edge.tcp, edge.udp) {
			all[port] = true
		}
	}
	delete(all, 0)
	return slices.Sorted(maps.Keys(all))
}

// Everything that can be asked of two of whom one belongs to the platform.
func questions(cast []standIn, ports []int) []attempt {
	var all []attempt
	for from, caller := range cast {
		for _, called := range cast {
			if caller.twin || called.name == caller.name || !caller.ours && !called.ours {
				continue
			}
			for _, address := range called.addresses {
				if !slices.ContainsFunc(caller.addresses, func(own netip.Addr) bool { return own.Is4() == address.Is4() }) {
					continue
				}
				for _, port := range ports {
					to := netip.AddrPortFrom(address, uint16(port))
					all = append(all, attempt{From: from, To: to}, attempt{From: from, To: to, UDP: true})
				}
			}
		}
	}
	return all
}

// Whoever may connect must have been answered by whom it called, and everybody else refused.
func compare(questions []attempt, outcomes []outcome, cast []standIn, edges []edge, to *claim) {
	to.count("connections that must be", 0)
	owner := map[netip.Addr]standIn{}
	for _, one := range cast {
		for _, address := range one.addresses {
			owner[address] = one
		}
	}
	for at, question := range questions {
		from, called := cast[question.From].at(netip.Addr{}), owner[question.To.Addr()].at(question.To.Addr())
		may := slices.ContainsFunc(edges, func(edge edge) bool {
			return edge.has(from, called, int(question.To.Port()), question.UDP)
		})
		kind := map[bool]string{true: "UDP", false: "TCP"}[question.UDP]
		what := fmt.Sprintf("%s at %s by %s", called.name, question.To, kind)
		switch got := outcomes[at]; {
		case may:
			to.count("connections that must be", 1)
			to.holds(got.Who == called.name, "%s should reach %s, and does not: %s%s", from.name, what, got.Who, got.Why)
		default:
			to.count("that must not", 1)
			to.holds(got.Why == refused, "%s should not reach %s, and does: %s%s", from.name, what, got.Who, got.Why)
		}
	}
}
