package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
)

// Something that must hold, what was counted while it was tried, and where it did not hold.
type claim struct {
	name   string
	counts []figure
	faults []string
	// figures that are too many for a line
	details []string
	// what did not come out as it should and is too little for a fault
	missed []string
}

type figure struct {
	what string
	many int
}

func (c *claim) holds(so bool, format string, args ...any) {
	if !so {
		c.faults = append(c.faults, fmt.Sprintf(format, args...))
	}
}

func (c *claim) count(what string, many int) {
	for at := range c.counts {
		if c.counts[at].what == what {
			c.counts[at].many += many
			return
		}
	}
	c.counts = append(c.counts, figure{what, many})
}

// Takes over what was found for one platform.
func (c *claim) take(of string, other *claim) {
	for _, figure := range other.counts {
		c.count(figure.what, figure.many)
	}
	c.details = append(c.details, other.details...)
	c.missed = append(c.missed, other.missed...)
	for _, fault := range other.faults {
		c.faults = append(c.faults, of+": "+fault)
	}
}

// Tries something for all platforms at once.
func each(platforms []platform, try func(platform, *claim) error, to *claim) error {
	claims, errs := make([]claim, len(platforms)), make([]error, len(platforms))
	var all sync.WaitGroup
	for at, platform := range platforms {
		all.Go(func() {
			if err := try(platform, &claims[at]); err != nil {
				errs[at] = fmt.Errorf("%s: %w", platform.title(), err)
			}
		})
	}
	all.Wait()
	for at, platform := range platforms {
		to.take(platform.title(), &claims[at])
	}
	return errors.Join(errs...)
}

func (c *claim) line() string {
	var figures []string
	for _, figure := range c.counts {
		figures = append(figures, fmt.Sprintf("%d %s", figure.many, figure.what))
	}
	return fmt.Sprintf("%s  %s: %s; %d faults", verdict(len(c.faults) == 0), c.name, strings.Join(figures, ", "), len(c.faults))
}

const shown = 40

func (c *claim) complain(to io.Writer) {
	for at, fault := range c.faults {
		if at == shown {
			fmt.Fprintf(to, "       … and %d more\n", len(c.faults)-shown)
			return
		}
		fmt.Fprintf(to, "       %s\n", strings.ReplaceAll(fault, "\n", "\n         "))
	}
}

func base64of(text []byte) string { return base64.StdEncoding.EncodeToString(text) }

func verdict(holds bool) string {
	if holds {
		return "holds"
	}
	return "FAILS"
}
