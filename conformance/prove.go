package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
)

// A fault put into what is rendered, to see that a claim notices it.
type sabotage struct {
	what     string
	platform string
	// the place of the claim that must fail, and what it must say
	claim int
	says  string
	// what is written instead of what, once
	from, to string
}

var sabotages = []sabotage{
	{"an unknown field", "minimal on 1.36", 0, "field not declared",
		"\nautomountServiceAccountToken: false\n", "\nautomountServiceAccountToken: false\nautomountTokens: false\n"},
	{"a namespace that comes too late", "minimal on 1.36", 0, "not found", "", ""},
	{"a pod that Pod Security warns about", "minimal on 1.36", 0, "would violate PodSecurity",
		"        runAsNonRoot: true\n", ""},
	{"replicas that an autoscaler owns", "flagship/staging on 1.36", 0, "conflict",
		"spec:\n  selector:\n    matchLabels:\n      app.kubernetes.io/instance: api\n",
		"spec:\n  replicas: 2\n  selector:\n    matchLabels:\n      app.kubernetes.io/instance: api\n"},
	{"a certificate for other names", "on-nodes on 1.36", 0, "failed calling webhook",
		"  - ingress-nginx-controller-admission.edge.svc\n", "  - ingress-nginx-controller-admission.edge.local\n"},
	{"a quota that is too small", "monitoring-only on 1.36", 1, "exceeded quota",
		"    pods: \"20\"\n", "    pods: \"3\"\n"},
	{"an account that does not exist", "minimal on 1.36", 1, "serviceaccount \"other\" not found",
		"      serviceAccountName: hello\n", "      serviceAccountName: other\n"},
	{"a namespace that admits anything", "minimal on 1.36", 1, "admits a pod that runs as root",
		"    pod-security.kubernetes.io/enforce: restricted\n", "    pod-security.kubernetes.io/enforce: privileged\n"},
	{"a solver that may not be made", "on-nodes on 1.36", 1, "solver for",
		"  - pods\n  - services\n  verbs:\n  - get\n  - list\n  - watch\n  - create\n",
		"  - pods\n  - services\n  verbs:\n  - get\n  - list\n  - watch\n"},
	{"a right too many", "monitoring-only on 1.36", 2, "may but need not", "  - list\n  - watch\n", "  - list\n  - watch\n  - delete\n"},
	{"a right that our table does not know", "monitoring-only on 1.36", 2, "the table of rights says false, the server true",
		"  - list\n  - watch\n", "  - list\n  - watch\n  - patch\n"},
	{"a right too few", "monitoring-only on 1.36", 2, "needs but may not", "  - list\n  - watch\n", "  - list\n"},
	{"an account for nothing", "minimal on 1.36", 2, "nobody knows what these accounts are for",
		"apiVersion: v1\nkind: ServiceAccount\n",
		"apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: other, namespace: only}\n---\napiVersion: v1\nkind: ServiceAccount\n"},
}

func (s sabotage) of(stream string) string {
	if s.from == "" {
		first, rest, _ := strings.Cut(stream, "\n---\n")
		return rest + "---\n" + first + "\n"
	}
	return strings.Replace(stream, s.from, s.to, 1)
}

// What a row of faults came to: how many were put in, how many were noticed, and what is to be said of the others.
type proof struct {
	all, seen int
	said      bytes.Buffer
}

// Sees every claim fail, each for the reason that was put into it. Prometheus mostly waits, so its faults are put in beside
// those of the other claims; the rows know nothing of each other.
func (j *judge) prove(ctx context.Context, platforms []platform, to io.Writer) (bool, error) {
	rows := []func(context.Context, []platform, *proof) error{
		j.proveApplied,
		j.proveTrials(func(of trial) bool { return of.number() != measuring }),
		j.proveTrials(func(of trial) bool { return of.number() == measuring }),
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	proofs, errs := make([]proof, len(rows)), make([]error, len(rows))
	var working sync.WaitGroup
	for at, row := range rows {
		working.Go(func() {
			if errs[at] = row(ctx, platforms, &proofs[at]); errs[at] != nil {
				stop()
			}
		})
	}
	working.Wait()
	all, seen := 0, 0
	for at := range proofs {
		all, seen = all+proofs[at].all, seen+proofs[at].seen
		fmt.Fprint(to, proofs[at].said.String())
	}
	if err := errors.Join(errs...); err != nil {
		return false, err
	}
	fmt.Fprintf(to, "%s  0 each claim can fail: %d faults put in, %d noticed\n", verdict(seen == all), all, seen)
	return seen == all, nil
}

// The claims that are tried on each platform.
func (j *judge) proveApplied(ctx context.Context, platforms []platform, to *proof) error {
	for at, sabotage := range sabotages {
		for _, platform := range platforms {
			if platform.title() != sabotage.platform || j.claim != "" {
				continue
			}
			to.all++
			found := newClaims()
			only := func(claim int) bool { return claim == sabotage.claim }
			if err := j.one(ctx, fmt.Sprintf("s%d", at), platform, sabotage.of, only, found); err != nil {
				return fmt.Errorf("%s: %w", sabotage.what, err)
			}
			claim := found.each()[sabotage.claim]
			if strings.Contains(strings.Join(claim.faults, "\n"), sabotage.says) {
				to.seen++
				continue
			}
			fmt.Fprintf(&to.said, "MISSED %s in %s: %s\n", sabotage.what, platform.title(), claim.line())
			claim.complain(&to.said)
		}
	}
	return nil
}

// How many faults a whole run puts in.
func putIn() int {
	all := len(sabotages)
	for _, trial := range trials {
		all += len(trial.faults)
	}
	return all
}
