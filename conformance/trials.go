package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// A claim that is tried once, whatever the platforms are.
type trial struct {
	name string
	// tries it with the fault of that name put in, or with none if it is empty
	try func(j *judge, ctx context.Context, platforms []platform, fault string, to *claim) error
	// what it must notice
	faults []fault
}

// The name of a fault, and what the claim must say of it.
type fault struct{ what, says string }

var trials = []trial{
	{"4 validate refuses what servers refuse, and nothing that they take", (*judge).bend, lies},
	{"5 validate admits the pods that Pod Security admits, and no others", (*judge).admits, blindness},
	{"6 Prometheus measures what is declared, and alarms when it should and only then", (*judge).measures, faultsOf(flaws)},
	{"7 Alertmanager tells whom it should, once, and nobody else", (*judge).rings, mufflings.faults()},
	{"8 the registry keeps what it should, for whom it should", (*judge).keeps, mishaps.faults()},
	{"9 every reader of YAML reads the same", (*judge).reads, careless},
	{"10 connections are possible where they are declared, and nowhere else", (*judge).connects, leaks},
	{"11 findings as SARIF are SARIF", (*judge).scans, blemishes},
	{"12 what others ship is taken by servers and by validate", (*judge).takesShipped, prejudices},
	{"13 what stands encrypted is opened by whom it is for, and by nobody else", (*judge).opens, breakages},
}

// The number of a claim, which its name begins with.
func (t trial) number() string {
	number, _, _ := strings.Cut(t.name, " ")
	return number
}

// Tries each of them for what it is, without a fault.
func (j *judge) trials(ctx context.Context, platforms []platform) ([]*claim, error) {
	platforms = slices.DeleteFunc(slices.Clone(platforms), func(one platform) bool { return !strings.Contains(one.title(), j.only) })
	var all []*claim
	for _, trial := range trials {
		if j.claim != "" && j.claim != trial.number() {
			continue
		}
		began, found := time.Now(), &claim{name: trial.name}
		if err := trial.try(j, ctx, platforms, "", found); err != nil {
			return nil, fmt.Errorf("claim %s: %w", trial.number(), err)
		}
		fmt.Fprintf(os.Stderr, "tried claim %s in %d s\n", trial.number(), int(time.Since(began).Seconds()))
		all = append(all, found)
	}
	return all, nil
}

// The claim whose faults mostly wait, one after the other, as they share a cluster.
const measuring = "6"

// Sees those of them fail that are chosen.
func (j *judge) proveTrials(chosen func(trial) bool) func(context.Context, []platform, *proof) error {
	return func(ctx context.Context, platforms []platform, to *proof) error {
		for _, trial := range trials {
			if !chosen(trial) || j.claim != "" && j.claim != trial.number() {
				continue
			}
			claims, err := j.spoil(ctx, platforms, trial)
			if err != nil {
				return err
			}
			for at, fault := range trial.faults {
				to.all++
				if strings.Contains(strings.Join(claims[at].faults, "\n"), fault.says) {
					to.seen++
					continue
				}
				fmt.Fprintf(&to.said, "MISSED %s: %s\n", fault.what, claims[at].line())
				claims[at].complain(&to.said)
			}
		}
		return nil
	}
}

// Claims that mostly wait, and how many of their faults are put in at once; of the others, one.
var atOnce = map[string]int{"7": 12, "8": 4}

// Tries a claim with each of its faults.
func (j *judge) spoil(ctx context.Context, platforms []platform, trial trial) ([]*claim, error) {
	claims, errs := make([]*claim, len(trial.faults)), make([]error, len(trial.faults))
	free := make(chan bool, max(1, atOnce[trial.number()]))
	var all sync.WaitGroup
	for at, fault := range trial.faults {
		claims[at] = &claim{name: trial.name}
		free <- true
		all.Go(func() {
			if err := trial.try(j, ctx, platforms, fault.what, claims[at]); err != nil {
				errs[at] = fmt.Errorf("%s: %w", fault.what, err)
			}
			<-free
		})
	}
	all.Wait()
	return claims, errors.Join(errs...)
}
