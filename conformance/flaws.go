package main

import (
	"fmt"
	"strings"
)

// Where a fault is, which says what must be tried to see it.
type where int

const (
	unspoilt where = iota
	// what promtool sees
	inFiles
	// what Prometheus or who asks it sees
	inCluster
	// what the server gets
	inRights
)

// A fault, and what is written instead of what in what is rendered.
type flaw struct {
	fault
	place    where
	from, to string
}

func faultsOf(flaws []flaw) []fault {
	var found []fault
	for _, flaw := range flaws {
		found = append(found, flaw.fault)
	}
	return found
}

func whereIs(fault string) where {
	for _, flaw := range flaws {
		if flaw.what == fault {
			return flaw.place
		}
	}
	return unspoilt
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
	{fault{"a configuration that Prometheus refuses", "promtool refuses the configuration"}, inFiles,
		"    scrape_configs:\n", "    scrape_config:\n"},
	{fault{"a rule that no Prometheus can read", "promtool refuses the rules"}, inFiles,
		"sum by (namespace, service) (rate(http_requests_total[5m]))", "sum by (namespace, service) (rate(http_requests_total))"},
	{fault{"an alert that nobody has seen", "no scene makes JobsFailed (warning) ring"}, inFiles,
		"- alert: JobFailed\n", "- alert: JobsFailed\n"},
	{fault{"an alert that never rings", "alerts do not ring as they should:"}, inFiles,
		"service:http_errors:ratio_rate5m > 0.05 and", "service:http_errors:ratio_rate5m > 5 and"},
	{fault{"an alert that rings too soon", "RegistryDown with"}, inFiles, "for: 40m\n", "for: 5m\n"},
	{fault{"an alert that tells jobs from one another no more", "JobFailed with"}, inFiles,
		"max by (namespace, job_name) (kube_job_failed", "max by (namespace) (kube_job_failed"},
	{fault{"words that name a label that is not there", "names {{ $labels.route }}"}, inFiles,
		"{{ $labels.namespace }}/{{ $labels.ingress }} fails", "{{ $labels.namespace }}/{{ $labels.route }} fails"},

	// what Prometheus finds
	{fault{"no right to see the pods of a namespace", "does not find"}, inRights,
		"  name: prometheus\n  namespace: production\n", "  name: other\n  namespace: production\n"},
	{fault{"no right to see what kubelets measure", "403"}, inRights, "  - nodes/metrics\n", "  - nodes/stats\n"},
	{fault{"a port that has another name", "does not find"}, inCluster, `regex: "api;http|auth;http`, `regex: "api;http-metrics|auth;http`},
	{fault{"ports that are not for metrics", "nobody declares"}, inCluster, `regex: "cert-manager;metrics"`, `regex: "cert-manager;.*"`},
	{fault{"pods that have ended", "pod=other-failed"}, inCluster,
		`image;http"
            action: keep
          - source_labels: [__meta_kubernetes_pod_phase]
            regex: Pending|Succeeded|Failed`,
		`image;http"
            action: keep
          - source_labels: [__meta_kubernetes_pod_phase]
            regex: Pending|Succeeded`},
	{fault{"a label by another name", "does not find"}, inCluster, "target_label: service\n", "target_label: app\n"},

	// what it measures
	{fault{"a user that nobody knows", "401"}, inCluster, `username: "metrics"`, `username: "admin"`},
	{fault{"formats that nobody names", "never: every target answers"}, inCluster,
		"fallback_scrape_protocol: PrometheusText0.0.4", "honor_timestamps: true"},
	{fault{"series of other namespaces", "what belongs to others is kept"}, inCluster,
		`regex: "|cert-manager|default|ingress-nginx|monitoring|production"`, `regex: ".*"`},
	{fault{"a rule about nothing", "never: recording rule: namespace:container_cpu_usage:rate5m"}, inCluster,
		`(rate(container_cpu_usage_seconds_total{container!=""}[5m]))`, `(rate(container_cpu_usage_seconds_total{image=""}[5m]))`},
	{fault{"a panel about nothing", "never: Service: rate, errors, duration: max by (pod) (go_gc"}, inCluster,
		`quantile=\"1.0\"`, `quantile=\"1\"`},
	{fault{"a variable without values", "never: variable service"}, inCluster,
		`"query": "label_values(http_requests_total{namespace=~\"$namespace\"}, service)"`,
		`"query": "label_values(http_request_total{namespace=~\"$namespace\"}, service)"`},
	{fault{"an autoscaler whose metric is about nothing", "never: http_requests_per_second of api"}, inCluster,
		`pod!=\"\"}"`, `pod_name!=\"\"}"`},
	{fault{"alerts that are sent unspoilt", "never: Alertmanager hears the heartbeat"}, inCluster,
		`.svc.cluster.local:9093"`, `.svc.cluster.local:9094"`},
}
