package main

// For every alert, what makes it ring and what must not, written by hand from what the alert is for. A series is its
// name and labels and, after ` = `, a sample for each minute, as promtool writes them.

// What happens, and which alerts of that name ring at that time.
type scene struct {
	alert  string
	at     string
	series []string
	rings  []ring
}

// An alert that rings: its severity, its other labels, and the value as its text says it, if it does.
type ring struct{ severity, labels, value string }

// It rings whatever happens.
const heartbeat = "Watchdog"

const (
	apiPod     = `namespace="production", pod="api-0"`
	apiService = `namespace="production", service="api"`
	apiBucket  = `http_request_duration_seconds_bucket{job="production-services", ` + apiService + `, le=`
	volume     = `namespace="monitoring", persistentvolumeclaim="data-prometheus-0"`
	ownPod     = `namespace="monitoring", pod="prometheus-0", service="prometheus"`
	// who tells of certificates, which is not what they are about
	teller = `job="cert-manager", service="cert-manager", pod="cert-manager-0"`
)

var scenes = []scene{
	{heartbeat, "0m", nil, []ring{{"info", ``, ""}}},

	// targets that are not there, or answer nothing
	{"ServiceAbsent", "3m", []string{`up{namespace="production", service="auth"} = 1x9`, `up{namespace="production", service="image"} = 1x9`},
		[]ring{{"critical", apiService, ""}}},
	{"ServiceAbsent", "3m", []string{
		`up{namespace="production", service="api", pod="api-0"} = 0x9`, `up{namespace="production", service="api", pod="api-1"} = 0x9`,
		`up{namespace="production", service="auth"} = 1x9`, `up{namespace="production", service="image"} = 1x9`,
	}, []ring{{"critical", apiService, ""}}},
	{"ServiceAbsent", "9m", []string{
		`up{namespace="production", service="api", pod="api-0"} = 0x9`, `up{namespace="production", service="api", pod="api-1"} = 1x9`,
		`up{namespace="production", service="auth"} = 1x9`, `up{namespace="production", service="image"} = 1x9`,
	}, nil},
	{"CertManagerAbsent", "16m", []string{`up{namespace="cert-manager", service="cert-manager", container="webhook"} = 1x20`},
		[]ring{{"critical", `namespace="cert-manager", service="cert-manager", container="controller"`, ""}}},
	{"CertManagerAbsent", "20m", []string{
		`up{namespace="cert-manager", service="cert-manager", container="controller"} = 1x20`,
		`up{namespace="cert-manager", service="cert-manager", container="webhook"} = 0x20`,
	}, nil},
	{"GrafanaAbsent", "6m", []string{`up{namespace="monitoring", service="grafana"} = 0x9`},
		[]ring{{"warning", `namespace="monitoring", service="grafana"`, ""}}},
	{"GrafanaAbsent", "9m", []string{`up{namespace="monitoring", service="grafana"} = 0x3 1x6`}, nil},
	{"IngressControllerAbsent", "3m", nil, []ring{{"critical", `namespace="ingress-nginx", service="ingress"`, ""}}},
	{"IngressControllerAbsent", "9m", []string{`up{namespace="ingress-nginx", service="ingress"} = 1x9`}, nil},
	{"KubeStateMetricsAbsent", "11m", []string{`kube_namespace_created{namespace="monitoring"} = 1x20`},
		[]ring{{"warning", `namespace="monitoring", service="kube-state-metrics"`, ""}}},
	{"KubeStateMetricsAbsent", "11m", []string{`kube_pod_info{namespace="monitoring", pod="grafana-0"} = 1x20`},
		[]ring{{"warning", `namespace="monitoring", service="kube-state-metrics-cluster"`, ""}}},
	{"KubeStateMetricsAbsent", "20m", []string{
		`kube_pod_info{namespace="monitoring", pod="grafana-0"} = 1x20`, `kube_namespace_created{namespace="monitoring"} = 1x20`,
	}, nil},
	{"RegistryDown", "41m", []string{`up{namespace="default", service="registry"} = 0x50`},
		[]ring{{"critical", `namespace="default", service="registry"`, ""}}},
	{"RegistryDown", "30m", []string{`up{namespace="default", service="registry"} = 0x30 1x30`}, nil}, // collects garbage
	{"TargetDown", "3m", []string{`up{job="registry", instance="10.0.0.1:5001", pod="registry-0", namespace="default"} = 0x9`},
		[]ring{{"critical", `job="registry", instance="10.0.0.1:5001", pod="registry-0", namespace="default"`, ""}}},
	{"TargetDown", "3m", []string{`up{job="kube-state-metrics", instance="10.0.0.1:8080"} = 0x9`},
		[]ring{{"critical", `job="kube-state-metrics", instance="10.0.0.1:8080"`, ""}}},
	{"TargetDown", "9m", []string{`up{job="kubelet", instance="10.0.0.1:10250", node="one"} = 0x9`, `up{job="registry"} = 1x9`}, nil},
	{"NodeNotMeasured", "16m", []string{`up{job="kubelet", node="one"} = 0x20`, `up{job="cadvisor", node="one"} = 1x20`},
		[]ring{{"warning", `node="one"`, ""}}},
	{"NodeNotMeasured", "20m", []string{`up{job="kubelet", node="one"} = 1x20`, `up{job="cadvisor", node="one"} = 1x20`}, nil},

	// monitoring itself
	{"AlertmanagerNotificationsFailing", "15m", []string{
		`alertmanager_notifications_failed_total{namespace="monitoring", service="alertmanager", integration="email", reason="authError"} = 0+1x20`,
	}, []ring{{"critical", `namespace="monitoring", service="alertmanager", integration="email", reason="authError"`, ""}}},
	{"AlertmanagerNotificationsFailing", "20m", []string{
		`alertmanager_notifications_failed_total{namespace="monitoring", service="alertmanager", integration="email", reason="authError"} = 7x20`,
	}, nil},
	{"PrometheusConfigReloadFailed", "6m", []string{`prometheus_config_last_reload_successful{` + ownPod + `} = 0x9`},
		[]ring{{"warning", ownPod, ""}}},
	{"PrometheusConfigReloadFailed", "9m", []string{`prometheus_config_last_reload_successful{` + ownPod + `} = 1x9`}, nil},
	{"PrometheusRuleFailures", "25m", []string{`prometheus_rule_evaluation_failures_total{` + ownPod + `, rule_group="one"} = 0+1x30`},
		[]ring{{"warning", `namespace="monitoring", pod="prometheus-0", rule_group="one"`, ""}}},
	{"PrometheusRuleFailures", "30m", []string{`prometheus_rule_evaluation_failures_total{` + ownPod + `, rule_group="one"} = 4x30`}, nil},
	{"PrometheusNotConnectedToAlertmanager", "15m", []string{
		`prometheus_notifications_errors_total{` + ownPod + `, alertmanager="http://one"} = 0+3x20`,
		`prometheus_notifications_sent_total{` + ownPod + `, alertmanager="http://one"} = 0+1x20`,
	}, []ring{{"critical", ownPod + `, alertmanager="http://one"`, "75%"}}},
	{"PrometheusNotConnectedToAlertmanager", "20m", []string{
		`prometheus_notifications_errors_total{` + ownPod + `, alertmanager="http://one"} = 0+1x20`,
		`prometheus_notifications_sent_total{` + ownPod + `, alertmanager="http://one"} = 0+3x20`,
	}, nil},

	// certificates
	{"CertificateExpiringSoon", "62m", []string{
		// five days from then
		`certmanager_certificate_expiration_timestamp_seconds{` + teller + `, namespace="production", name="app"} = 435720x70`,
	}, []ring{{"critical", `namespace="production", name="app"`, "5d 0h 0m 0s"}}},
	{"CertificateExpiringSoon", "70m", []string{
		`certmanager_certificate_expiration_timestamp_seconds{` + teller + `, namespace="production", name="app"} = 864000x70`,
		`certmanager_certificate_expiration_timestamp_seconds{` + teller + `, namespace="production", name="never-issued"} = 0x70`,
	}, nil},
	{"CertificateNotReady", "16m", []string{
		`certmanager_certificate_ready_status{` + teller + `, namespace="production", name="app", condition="False"} = 1x20`,
		`certmanager_certificate_ready_status{` + teller + `, namespace="production", name="app", condition="True"} = 0x20`,
	}, []ring{{"warning", `namespace="production", name="app", condition="False"`, ""}}},
	{"CertificateNotReady", "20m", []string{
		`certmanager_certificate_ready_status{` + teller + `, namespace="production", name="app", condition="False"} = 0x20`,
		`certmanager_certificate_ready_status{` + teller + `, namespace="production", name="app", condition="True"} = 1x20`,
	}, nil},
	{"ClusterIssuerNotReady", "16m", []string{`certmanager_clusterissuer_ready_status{` + teller + `, name="letsencrypt", condition="Unknown"} = 1x20`},
		[]ring{{"warning", `name="letsencrypt", condition="Unknown"`, ""}}},
	{"ClusterIssuerNotReady", "20m", []string{`certmanager_clusterissuer_ready_status{` + teller + `, name="letsencrypt", condition="True"} = 1x20`}, nil},
	{"AcmeChallengeFailing", "11m", []string{`certmanager_certificate_challenge_status{` + teller + `, namespace="production", domain="app.example.com", status="invalid"} = 1x20`},
		[]ring{{"warning", `namespace="production", domain="app.example.com", status="invalid"`, ""}}},
	{"AcmeChallengeFailing", "20m", []string{
		`certmanager_certificate_challenge_status{` + teller + `, namespace="production", domain="app.example.com", status="pending"} = 1x20`,
		`certmanager_certificate_challenge_status{` + teller + `, namespace="production", domain="app.example.com", status="invalid"} = 0x20`,
	}, nil},
	{"AcmeRateLimited", "10m", []string{`certmanager_http_acme_client_request_count{host="acme.example.com", status="429"} = 0+1x20`},
		[]ring{{"warning", `host="acme.example.com"`, ""}}},
	{"AcmeRateLimited", "20m", []string{`certmanager_http_acme_client_request_count{host="acme.example.com", status="200"} = 0+1x20`}, nil},
}
