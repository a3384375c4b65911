// The modules whose definitions (CRDs) the rendered objects need; their files are read, nothing of them is built.
module platformgen.test/conformance/crds

go 1.26.0

require (
	github.com/cert-manager/cert-manager v1.21.1
	github.com/cilium/cilium v1.20.2
	github.com/external-secrets/external-secrets v1.3.2
	github.com/owenrumney/go-sarif/v3 v3.3.1
	k8s.io/pod-security-admission v0.37.2
)
