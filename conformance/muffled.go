package main

import (
	"fmt"
	"strings"
)

// A fault that is put into what one platform renders, once or, with `all`, wherever it is.
type spoiling struct {
	fault
	platform string
	from, to string
	all      bool
}

type spoilings []spoiling

func (s spoilings) faults() (all []fault) {
	for _, one := range s {
		all = append(all, one.fault)
	}
	return all
}

// What the fault of this name does to the platform of this title; nothing else is tried then.
func (s spoilings) of(fault, title string) (as func(string) (string, error), isTried bool) {
	if fault == "" {
		return func(stream string) (string, error) { return stream, nil }, true
	}
	for _, one := range s {
		if one.what == fault && one.platform == title {
			return one.spoil, true
		}
	}
	return nil, false
}

func (s spoiling) spoil(stream string) (string, error) {
	many := 1
	if s.all {
		many = -1
	}
	spoilt := strings.Replace(stream, s.from, s.to, many)
	if spoilt == stream {
		return "", fmt.Errorf("%s has no %q", s.platform, s.from)
	}
	return spoilt, nil
}

const staging, alone, cluster = "flagship/staging on 1.36", "monitoring-only on 1.36", "replicated on 1.37"

var mufflings = spoilings{
	{fault{"a receiver that nobody declared", "amtool: "}, staging,
		"          receiver: critical\n", "          receiver: loud\n", false},
	{fault{"a text that cannot be made", "amtool: "}, staging, "{{ . | toUpper }}", "{{ . | toUpper ", false},
	{fault{"critical alerts that only Slack hears", "email does not hear: loud (since"}, staging,
		"          receiver: critical\n", "          receiver: warning\n", false},
	{fault{"warnings that everybody hears", "email hears: quiet (since"}, staging,
		"            - severity=\"warning\"\n          receiver: warning",
		"            - severity=\"warning\"\n          receiver: critical", false},
	{fault{"a watchdog that people hear", "slack hears: watchdog (since"}, staging,
		"alertname=\"Watchdog\"\n          receiver: nobody", "alertname=\"Watchdog\"\n          receiver: warning", false},
	{fault{"a heartbeat of a dog of another name", "heartbeat does not hear: watchdog (since"}, cluster,
		"alertname=\"Watchdog\"", "alertname=\"Watchdogs\"", false},
	{fault{"nothing is inhibited", "slack hears: drowned (since"}, staging,
		"equal: [namespace, service]", "equal: [namespace, service, severity]", false},
	{fault{"a service that inhibits another", "slack does not hear: quiet (since"}, staging,
		"equal: [namespace, service]", "equal: [namespace]", false},
	{fault{"an alert of no service that inhibits others", "slack does not hear: as nameless (since"}, staging,
		"          - service=~\".+\"\n", "", false},
	{fault{"a volume that inhibits another", "slack does not hear: other volume (since"}, staging,
		"equal: [alertname, namespace, persistentvolumeclaim]", "equal: [alertname, namespace]", false},
	{fault{"a dead pod that inhibits its neighbours", "slack does not hear: quiet (since"}, staging,
		"equal: [namespace, pod]", "equal: [namespace]", false},
	{fault{"nobody says that it is over", "slack does not hear: over: beside"}, staging,
		"send_resolved: true", "send_resolved: false", true},
	{fault{"a password that is nowhere", "email does not hear: loud (since"}, alone,
		"/etc/alertmanager/secrets/relay/password\"", "/etc/alertmanager/secrets/relay/word\"", false},
	{fault{"a secret mounted elsewhere", "slack does not hear: quiet (since"}, staging,
		"mountPath: /etc/alertmanager/secrets/alertmanager", "mountPath: /etc/alertmanager/secret", false},
	{fault{"email to somebody else", "email goes to"}, alone, "to: \"lab@watch.test\"", "to: \"watch@lab.test\"", false},
	{fault{"email from somebody else", "550 5.7.1 not the sender"}, alone,
		"smtp_from: \"alerts@watch.test\"", "smtp_from: \"watch@watch.test\"", false},
	{fault{"a channel that is another", "slack goes to"}, staging, "channel: \"#alerts\"", "channel: \"#others\"", true},
	{fault{"messages without their description", "is not whole"}, staging,
		"(index . 0).Annotations.description", "(index . 0).Annotations.summary", false},
	{fault{"nowhere to remember what was said", "alertmanager ended"}, staging,
		"mountPath: /alertmanager\n", "mountPath: /elsewhere\n", false},
	{fault{"one that speaks before it knows", "slack hears: its pod (since"}, staging,
		"--dispatch.start-delay=90s", "--dispatch.start-delay=0s", false},
	{fault{"a memory of a moment", "slack hears 2 times: quiet (since"}, staging,
		"--data.retention=120h", "--data.retention=1ms", false},
	{fault{"a crowd that is cut short", "hears of a crowd"}, staging, "if lt $index 10", "if lt $index 9", true},
	{fault{"replicas that do not know each other", "hears 3 times"}, cluster,
		"svc.cluster.local:9094", "svc.cluster.local:9095", true},
	{fault{"a Prometheus that does not know them", "Prometheus reaches nobody"}, cluster,
		"notify-1.notify-headless.system.svc.cluster.local:9093", "notify-1.notify.system.svc.cluster.local:9093", false},
}
