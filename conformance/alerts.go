package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// What some alerts are, who must hear them, and when they come.
type alert struct {
	labels map[string]string
	// `critical`, `warning` or `heartbeat` as the description routes them, or nobody
	heard string
	// when it comes: at first; once that was heard, so that it can be inhibited; or when one was away meanwhile
	round int
}

const (
	byEmail     = "email"
	bySlack     = "slack"
	byHeartbeat = "heartbeat"
)

// How a message says of a summary that it is so, and that it is over.
const firing, over = " (since", "over: "

// Namespaces other than the usual: one with a service of the same name, and one where nothing says of which it is.
var elsewhere, nowhere = []string{"namespace", "other", "service", "a"}, []string{"namespace", "third"}

// What is posted, by its summary.
var alerts = map[string]alert{
	"loud":            {labels: set("Loud", "critical", "service", "a"), heard: "critical", round: 1},
	"quiet":           {labels: set("Quiet", "warning", "service", "b"), heard: "warning", round: 1},
	"unsaid":          {labels: set("Unsaid", "", "service", "c"), heard: "warning", round: 1},
	"note":            {labels: set("Note", "info", "service", "d"), round: 1},
	"watchdog":        {labels: set("Watchdog", "info"), heard: "heartbeat", round: 1},
	"drowned":         {labels: set("Drowned", "warning", "service", "a"), round: 2},
	"beside":          {labels: set("Beside", "warning", "service", "b"), heard: "warning", round: 2},
	"namesake":        {labels: set("Namesake", "warning", elsewhere...), heard: "warning", round: 2},
	"murmur":          {labels: set("Murmur", "info", "service", "a"), round: 2},
	"louder":          {labels: set("Louder", "critical", "service", "a"), heard: "critical", round: 2},
	"volume full":     {labels: set("Volume", "critical", "persistentvolumeclaim", "x"), heard: "critical", round: 1},
	"volume filling":  {labels: set("Volume", "warning", "persistentvolumeclaim", "x"), round: 2},
	"other volume":    {labels: set("Volume", "warning", "persistentvolumeclaim", "y"), heard: "warning", round: 2},
	"down":            {labels: set("TargetDown", "critical", "service", "e", "pod", "e-0"), heard: "critical", round: 1},
	"its pod":         {labels: set("NotReady", "warning", "service", "f", "pod", "e-0"), round: 2},
	"its pod is loud": {labels: set("Crash", "critical", "service", "g", "pod", "e-0"), round: 2},
	"another pod":     {labels: set("NotReady", "warning", "service", "f", "pod", "e-1"), heard: "warning", round: 2},
	"nameless":        {labels: set("Nameless", "critical", nowhere...), heard: "critical", round: 1},
	"as nameless":     {labels: set("AsNameless", "warning", nowhere...), heard: "warning", round: 2},
	"afterwards":      {labels: set("Afterwards", "warning", "service", "h"), heard: "warning", round: 3},
}

// Labels as rules give them, with those of these pairs.
func set(name, severity string, pairs ...string) map[string]string {
	labels := map[string]string{"alertname": name, "namespace": "first"}
	if severity != "" {
		labels["severity"] = severity
	}
	for at := 0; at < len(pairs); at += 2 {
		labels[pairs[at]] = pairs[at+1]
	}
	return labels
}

// What is posted of an alert, as Prometheus does.
type post struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    time.Time         `json:"startsAt"`
	EndsAt      time.Time         `json:"endsAt"`
}

const runbook = "https://runbooks.test/"

// Some alerts of one group, of which a message names no more than ten.
var crowd = []string{
	"crowd 01", "crowd 02", "crowd 03", "crowd 04", "crowd 05", "crowd 06",
	"crowd 07", "crowd 08", "crowd 09", "crowd 10", "crowd 11", "crowd 12",
}

func labelsOfAlert(name string) map[string]string {
	if slices.Contains(crowd, name) {
		return set("Crowd", "warning", "service", "crowd", "pod", name)
	}
	return alerts[name].labels
}

// Posts alerts, as `fire` or as over, to everybody whom Prometheus is told of.
func (b *bell) post(ctx context.Context, names []string, fire bool) error {
	var posts []post
	for _, name := range names {
		one := post{Labels: labelsOfAlert(name), StartsAt: b.began, EndsAt: b.began.Add(time.Hour)}
		if !fire {
			one.EndsAt = time.Now()
		}
		one.Annotations = map[string]string{
			"summary": name, "description": describes(name), "runbook_url": runbook + name,
		}
		posts = append(posts, one)
	}
	body, err := json.Marshal(posts)
	if err != nil {
		return err
	}
	for _, target := range b.targets {
		url := "http://" + target + "/api/v2/alerts"
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
		if err != nil {
			return err
		}
		request.Header.Set("Content-Type", "application/json")
		response, err := b.node.client().Do(request)
		if err != nil {
			return err
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("%s says %s", target, response.Status)
		}
	}
	return nil
}

// What must be heard of these alerts while they fire or when they are over: whose channel, the alert, and how.
func (b *bell) expected(names []string, fire bool) map[message]bool {
	all := map[message]bool{}
	for _, name := range names {
		for _, by := range b.heard[alerts[name].heard] {
			switch {
			case fire:
				all[message{by: by, text: name + firing}] = true
			case by != byHeartbeat:
				all[message{by: by, text: over + name}] = true
			}
		}
	}
	return all
}

// How often each heard of each alert, and in which state.
func (b *bell) counted() map[message]int {
	counted := map[message]int{}
	for _, one := range b.sinks.all() {
		if isCrowd(one) {
			continue
		}
		for _, text := range states(one.text) {
			counted[message{by: one.by, text: text}]++
		}
	}
	return counted
}

// What a text says of alerts, without since when.
func states(text string) (all []string) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if name, _, isFiring := strings.Cut(line, firing); isFiring {
			all = append(all, name+firing)
		} else if strings.HasPrefix(line, over) {
			all = append(all, line)
		}
	}
	return all
}

// Waits for what is expected, and says what did not come.
func (b *bell) hears(ctx context.Context, expected map[message]bool, to *claim) bool {
	missing := func() (all []string) {
		counted := b.counted()
		for one := range expected {
			// a heartbeat beats
			if many := counted[one]; many == 0 || one.by == byHeartbeat && many < 2 {
				all = append(all, one.by+" does not hear: "+one.text)
			}
		}
		slices.Sort(all)
		return all
	}
	ctx, cancel := context.WithTimeout(ctx, hearing)
	defer cancel()
	err := eventually(ctx, "everything is heard", func() error {
		if len(missing()) > 0 {
			return errors.New("not yet")
		}
		return nil
	})
	if err != nil {
		to.faults = append(to.faults, missing()...)
	}
	return err == nil
}

// How long a message may take; what does not come at all costs this.
const hearing = 25 * time.Second

// Sees that nothing came that was not expected, nothing twice, and everything in the form that is rendered.
func (b *bell) heardNoMore(expected map[message]bool, to *claim) {
	for one, many := range b.counted() {
		to.holds(expected[one], "%s hears: %s", one.by, one.text)
		to.holds(many == 1 || one.by == byHeartbeat, "%s hears %d times: %s", one.by, many, one.text)
		to.count("messages", 1)
	}
	for _, one := range b.sinks.all() {
		if one.by == byHeartbeat || isCrowd(one) {
			continue
		}
		to.holds(one.to == b.addressees[one.by], "%s goes to %q", one.by, one.to)
		to.holds(isWhole(one), "a message by %s is not whole: %q: %q", one.by, one.title, one.text)
	}
	to.holds(b.sinks.complaints() == "", "%s", b.sinks.complaints())
}

// Many alerts at once make one message, which counts them, names ten, and says how many more there are.
func (b *bell) hearsCrowd(ctx context.Context, fire bool, to *claim) error {
	if err := b.post(ctx, crowd, fire); err != nil {
		return err
	}
	title, more := "WARNING Crowd in first/crowd (12)", "and 2 more\n"
	if !fire {
		title, more = "RESOLVED Crowd in first/crowd", "and 2 more are over\n"
	}
	for _, by := range b.heard["warning"] {
		isWhole := func(one message) bool {
			says := strings.HasPrefix(one.title, title) && strings.Contains(one.text, more)
			return one.by == by && says && len(states(one.text)) == len(crowd)-2
		}
		waits, cancel := context.WithTimeout(ctx, hearing)
		err := eventually(waits, by+" hears of a crowd", func() error {
			if slices.ContainsFunc(b.sinks.all(), isWhole) {
				return nil
			}
			return errors.New("it does not")
		})
		cancel()
		to.holds(err == nil, "%v", err)
	}
	return ctx.Err()
}

func isCrowd(one message) bool { return strings.Contains(one.title, " Crowd in ") }

// Whether title and text say what the first of its alerts says of itself.
func isWhole(one message) bool {
	said := states(one.text)
	if len(said) == 0 {
		return false
	}
	name, isFiring := strings.CutSuffix(said[0], firing)
	name = strings.TrimPrefix(name, over)
	labels := alerts[name].labels
	loud := strings.ToUpper(labels["severity"])
	if loud == "" {
		loud = "ALERT"
	}
	if !isFiring {
		loud = "RESOLVED"
	}
	title := loud + " " + labels["alertname"] + " in " + labels["namespace"]
	isAbout := !isFiring || strings.Contains(one.text, describes(name)+"\n"+runbook+name)
	return strings.HasPrefix(one.title, title) && isAbout
}

func describes(name string) string { return "All about " + name }

func named(rounds ...int) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(alerts)) {
		if slices.Contains(rounds, alerts[name].round) {
			names = append(names, name)
		}
	}
	return names
}
