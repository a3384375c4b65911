// The modules whose files are read and nothing of which is built: definitions (CRDs) that the rendered objects need or that
// `validate` must take, the pods of Pod Security's own tests, and the schema of SARIF.
module platformgen.test/conformance/crds

go 1.26.0

require (
	github.com/bitnami/sealed-secrets v0.40.0
	github.com/cert-manager/cert-manager v1.21.1
	github.com/cilium/cilium v1.20.2
	github.com/external-secrets/external-secrets v1.3.2
	github.com/kedacore/keda/v2 v2.21.0
	github.com/owenrumney/go-sarif/v3 v3.3.1
	github.com/prometheus-operator/prometheus-operator v0.85.0
	k8s.io/pod-security-admission v0.37.2
	sigs.k8s.io/gateway-api v1.6.1
)

// it is published by the name that it had before
replace github.com/bitnami/sealed-secrets => github.com/bitnami-labs/sealed-secrets v0.40.0
