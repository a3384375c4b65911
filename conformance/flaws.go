package main

import (
	"fmt"
	"strings"
)

// A fault, and what is written instead of what in what is rendered.
type flaw struct {
	fault
	from, to string
}

func faultsOf(flaws []flaw) []fault {
	var found []fault
	for _, flaw := range flaws {
		found = append(found, flaw.fault)
	}
	return found
}

// The stream with that fault in it, or as it is if there is none.
func spoil(stream, fault string) (string, error) {
	for _, flaw := range flaws {
		if flaw.what != fault {
			continue
		}
		if !strings.Contains(stream, flaw.from) {
			return "", fmt.Errorf("%q is not rendered", flaw.from)
		}
		return strings.Replace(stream, flaw.from, flaw.to, 1), nil
	}
	return stream, nil
}

// What the claim must notice.
var flaws = []flaw{
	{fault{"a configuration that Prometheus refuses", "promtool refuses the configuration"},
		"    scrape_configs:\n", "    scrape_config:\n"},
	{fault{"a rule that no Prometheus can read", "promtool refuses the rules"},
		"sum by (namespace, service) (rate(http_requests_total[5m]))", "sum by (namespace, service) (rate(http_requests_total))"},
	{fault{"an alert that nobody has seen", "no scene makes JobsFailed (warning) ring"},
		"- alert: JobFailed\n", "- alert: JobsFailed\n"},
	{fault{"an alert that never rings", "alerts do not ring as they should:"},
		"service:http_errors:ratio_rate5m > 0.05 and", "service:http_errors:ratio_rate5m > 5 and"},
	{fault{"an alert that rings too soon", "RegistryDown with"}, "for: 40m\n", "for: 5m\n"},
	{fault{"an alert that tells jobs from one another no more", "JobFailed with"},
		"max by (namespace, job_name) (kube_job_failed", "max by (namespace) (kube_job_failed"},
	{fault{"words that name a label that is not there", "names {{ $labels.route }}"},
		"{{ $labels.namespace }}/{{ $labels.ingress }} fails", "{{ $labels.namespace }}/{{ $labels.route }} fails"},
}
