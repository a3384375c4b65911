package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	cmacme "github.com/cert-manager/cert-manager/pkg/apis/acme/v1"
	"github.com/cert-manager/cert-manager/pkg/controller"
	"github.com/cert-manager/cert-manager/pkg/issuer/acme/http"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var issuers = schema.GroupVersionResource{Group: certGroup, Version: "v1", Resource: "clusterissuers"}

// Claim 2, for the pods of nobody's template: cert-manager's own solver, with a token of the rendered account, puts the
// pod, the Service and the Ingress that answer a challenge beside every Certificate that a rendered ACME issuer signs.
func (s *server) admitsSolvers(ctx context.Context, manager component, claim *claim) error {
	certificates, err := s.dynamic.Resource(certs).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	solver, err := s.solver(ctx, manager)
	if err != nil {
		return err
	}
	for at, certificate := range certificates.Items {
		challenge, err := s.challenge(ctx, certificate)
		if err != nil {
			return err
		}
		if challenge == nil {
			continue
		}
		challenge.Name, challenge.UID = fmt.Sprintf("challenge-%d", at), certificate.GetUID()
		if err := solver.Present(ctx, nil, challenge); err != nil {
			claim.holds(false, "solver for %s/%s: %v", certificate.GetNamespace(), certificate.GetName(), err)
		}
		claim.count("solvers", 1)
	}
	return nil
}

// What a Certificate's ACME server would ask; nil if no ACME server signs it.
func (s *server) challenge(ctx context.Context, certificate unstructured.Unstructured) (*cmacme.Challenge, error) {
	name, _, _ := unstructured.NestedString(certificate.Object, "spec", "issuerRef", "name")
	kind, _, _ := unstructured.NestedString(certificate.Object, "spec", "issuerRef", "kind")
	hosts, _, _ := unstructured.NestedStringSlice(certificate.Object, "spec", "dnsNames")
	if kind != "ClusterIssuer" || len(hosts) == 0 {
		return nil, nil
	}
	list, err := s.dynamic.Resource(issuers).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	for _, issuer := range list.Items {
		solvers, found, _ := unstructured.NestedSlice(issuer.Object, "spec", "acme", "solvers")
		if issuer.GetName() != name || !found || len(solvers) == 0 {
			continue
		}
		challenge := &cmacme.Challenge{ObjectMeta: metav1.ObjectMeta{Namespace: certificate.GetNamespace()}}
		challenge.Spec.DNSName, challenge.Spec.Token, challenge.Spec.Key = hosts[0], "token", "key"
		err := runtime.DefaultUnstructuredConverter.FromUnstructured(solvers[0].(map[string]any), &challenge.Spec.Solver)
		return challenge, err
	}
	return nil, nil
}

// The solver of cert-manager, logged in as its rendered account and set up as its defaults are.
func (s *server) solver(ctx context.Context, manager component) (*http.Solver, error) {
	token, err := s.client.CoreV1().ServiceAccounts(manager.namespace).CreateToken(
		ctx, manager.name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	file := filepath.Join(s.dir, "cert-manager.kubeconfig")
	text := kubeconfig(s.dir, s.config.Host, fmt.Sprintf("token: %q", token.Status.Token))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	factory, err := controller.NewContextFactory(ctx, controller.ContextOptions{
		Kubeconfig: file,
		ACMEOptions: controller.ACMEOptions{
			HTTP01SolverImage:                 s.solverImage(ctx, manager),
			HTTP01SolverResourceRequestCPU:    resource.MustParse("10m"),
			HTTP01SolverResourceRequestMemory: resource.MustParse("64Mi"),
			HTTP01SolverResourceLimitsCPU:     resource.MustParse("100m"),
			HTTP01SolverResourceLimitsMemory:  resource.MustParse("64Mi"),
			ACMEHTTP01SolverRunAsNonRoot:      true,
		},
	})
	if err != nil {
		return nil, err
	}
	built, err := factory.Build("controller")
	if err != nil {
		return nil, err
	}
	solver, err := http.NewSolver(built)
	if err != nil {
		return nil, err
	}
	resources := built.HTTP01ResourceMetadataInformersFactory
	for _, of := range []string{"pods", "services"} {
		resources.ForResource(corev1.SchemeGroupVersion.WithResource(of)).Informer()
	}
	built.KubeSharedInformerFactory.Ingresses().Informer()
	resources.Start(ctx.Done())
	built.KubeSharedInformerFactory.Start(ctx.Done())
	for resource, synced := range resources.WaitForCacheSync(ctx.Done()) {
		if !synced {
			return nil, fmt.Errorf("cert-manager cannot watch %s", resource.Resource)
		}
	}
	for kind, synced := range built.KubeSharedInformerFactory.WaitForCacheSync(ctx.Done()) {
		if !synced {
			return nil, fmt.Errorf("cert-manager cannot watch %s", kind)
		}
	}
	return solver, nil
}

// The image that the rendered controller is told to use.
func (s *server) solverImage(ctx context.Context, manager component) string {
	controller, err := s.client.AppsV1().Deployments(manager.namespace).Get(ctx, manager.name, metav1.GetOptions{})
	if err != nil {
		return ""
	}
	for _, argument := range controller.Spec.Template.Spec.Containers[0].Args {
		if image, ok := strings.CutPrefix(argument, "--acme-http01-solver-image="); ok {
			return image
		}
	}
	return ""
}
