package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/retry"
)

// An API server alone has no controllers. The parts of those that decide whether something is admitted are played here:
// who makes the account `default` of a namespace, counts what a quota limits, and hands the authority of a webhook out.

// Plays the controllers until the context ends.
func (s *server) play(ctx context.Context) {
	everySoOften := func(step func(context.Context) error) {
		for ctx.Err() == nil {
			_ = step(ctx)
			select {
			case <-ctx.Done():
			case <-time.After(25 * time.Millisecond):
			}
		}
	}
	go everySoOften(s.makeDefaultAccounts)
	go everySoOften(s.startQuotas)
}

func (s *server) makeDefaultAccounts(ctx context.Context) error {
	namespaces, err := s.client.CoreV1().Namespaces().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, namespace := range namespaces.Items {
		accounts := s.client.CoreV1().ServiceAccounts(namespace.Name)
		if _, err := accounts.Get(ctx, "default", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			continue
		}
		account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
		if _, err := accounts.Create(ctx, account, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	return nil
}

// A quota binds from when its status says how much there is; what it admits it counts itself.
func (s *server) startQuotas(ctx context.Context) error {
	quotas, err := s.client.CoreV1().ResourceQuotas("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, quota := range quotas.Items {
		if len(quota.Status.Hard) == len(quota.Spec.Hard) {
			continue
		}
		quota.Status.Hard, quota.Status.Used = quota.Spec.Hard, corev1.ResourceList{}
		for name := range quota.Spec.Hard {
			quota.Status.Used[name] = resource.MustParse("0")
		}
		if _, err := s.client.CoreV1().ResourceQuotas(quota.Namespace).UpdateStatus(ctx, &quota, metav1.UpdateOptions{}); err != nil {
			return err
		}
	}
	return nil
}

// Waits until every quota binds.
func (s *server) quotasBind(ctx context.Context) error {
	return eventually(ctx, "quotas bind", func() error {
		quotas, err := s.client.CoreV1().ResourceQuotas("").List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		for _, quota := range quotas.Items {
			if len(quota.Status.Hard) != len(quota.Spec.Hard) {
				return fmt.Errorf("quota %s/%s has no status", quota.Namespace, quota.Name)
			}
		}
		return nil
	})
}

// Plays who works with what was applied before it is applied again: autoscalers that went to their largest, and the
// volume controller, which notes on each claim who provides its volume. (A claim that nobody touched since it was made is
// written once more by the server itself whenever it is applied, whatever the manifest says.)
func (s *server) live(ctx context.Context) error {
	scaling, _, err := s.as("system:serviceaccount:kube-system:horizontal-pod-autoscaler")
	if err != nil {
		return err
	}
	scalers, err := s.client.AutoscalingV2().HorizontalPodAutoscalers("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, scaler := range scalers.Items {
		deployments, name := scaling.AppsV1().Deployments(scaler.Namespace), scaler.Spec.ScaleTargetRef.Name
		scale, err := s.client.AppsV1().Deployments(scaler.Namespace).GetScale(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		scale.Spec.Replicas = scaler.Spec.MaxReplicas
		if _, err := deployments.UpdateScale(ctx, name, scale, metav1.UpdateOptions{}); err != nil {
			return err
		}
	}
	binding, _, err := s.as("system:serviceaccount:kube-system:persistent-volume-binder")
	if err != nil {
		return err
	}
	claims, err := s.client.CoreV1().PersistentVolumeClaims("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, claim := range claims.Items {
		metav1.SetMetaDataAnnotation(&claim.ObjectMeta, "volume.kubernetes.io/storage-provisioner", "conformance")
		if _, err := binding.CoreV1().PersistentVolumeClaims(claim.Namespace).Update(ctx, &claim, metav1.UpdateOptions{}); err != nil {
			return err
		}
	}
	return nil
}

const (
	injectFrom       = "cert-manager.io/inject-ca-from"
	injectFromSecret = "cert-manager.io/inject-ca-from-secret"
)

var (
	validating  = schema.GroupVersionResource{Group: "admissionregistration.k8s.io", Version: "v1", Resource: "validatingwebhookconfigurations"}
	mutating    = schema.GroupVersionResource{Group: "admissionregistration.k8s.io", Version: "v1", Resource: "mutatingwebhookconfigurations"}
	apiServices = schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"}
	certs       = schema.GroupVersionResource{Group: "cert-manager.io", Version: "v1", Resource: "certificates"}
)

// What calls a Service of the platform: a webhook or an aggregated API.
type caller struct {
	of          schema.GroupVersionResource
	object      *unstructured.Unstructured
	namespace   string
	service     string
	port        int64
	annotations map[string]string
}

// Plays the injector of cert-manager, with the rights of its account, and lets what is called answer: with a certificate
// for the names that the rendered Certificate, or the rendered arguments of the webhook, ask for.
func (s *server) wire(ctx context.Context, injector string) error {
	callers, err := s.callers(ctx)
	if err != nil || len(callers) == 0 {
		return err
	}
	config := rest.CopyConfig(s.config)
	config.Impersonate.UserName = injector
	asInjector, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	for _, caller := range callers {
		hosts, err := s.namesOf(ctx, caller)
		if err != nil {
			return fmt.Errorf("%s: %w", caller.object.GetName(), err)
		}
		if err := s.network.equip(caller.service+"."+caller.namespace+".svc", hosts); err != nil {
			return err
		}
		if err := s.backs(ctx, caller); err != nil {
			return fmt.Errorf("%s: %w", caller.object.GetName(), err)
		}
		if err := inject(ctx, asInjector, caller, s.authority.pem); err != nil {
			return err
		}
	}
	return s.apisAreAvailable(ctx, callers)
}

// Who calls a Service of the platform.
func (s *server) callers(ctx context.Context) ([]caller, error) {
	var found []caller
	for _, of := range []schema.GroupVersionResource{validating, mutating, apiServices} {
		list, err := s.dynamic.Resource(of).List(ctx, metav1.ListOptions{})
		if err != nil {
			return nil, err
		}
		for _, object := range list.Items {
			for _, client := range clients(&object) {
				service, ok, _ := unstructured.NestedMap(client, "service")
				if !ok {
					continue
				}
				port, ok := service["port"].(int64)
				if !ok {
					port = 443
				}
				found = append(found, caller{
					of: of, object: &object, port: port, annotations: object.GetAnnotations(),
					namespace: fmt.Sprint(service["namespace"]), service: fmt.Sprint(service["name"]),
				})
			}
		}
	}
	return found, nil
}

// The places of the object that say whom to call and whom to trust.
func clients(object *unstructured.Unstructured) []map[string]any {
	if spec, ok, _ := unstructured.NestedMap(object.Object, "spec"); ok {
		return []map[string]any{spec}
	}
	var found []map[string]any
	webhooks, _, _ := unstructured.NestedSlice(object.Object, "webhooks")
	for _, webhook := range webhooks {
		if client, ok, _ := unstructured.NestedMap(webhook.(map[string]any), "clientConfig"); ok {
			found = append(found, client)
		}
	}
	return found
}

func inject(ctx context.Context, client dynamic.Interface, caller caller, ca []byte) error {
	return retry.RetryOnConflict(retry.DefaultRetry, func() error {
		object, err := client.Resource(caller.of).Get(ctx, caller.object.GetName(), metav1.GetOptions{})
		if err != nil {
			return err
		}
		bundle := base64of(ca)
		if caller.of == apiServices {
			_ = unstructured.SetNestedField(object.Object, bundle, "spec", "caBundle")
		} else {
			webhooks, _, _ := unstructured.NestedSlice(object.Object, "webhooks")
			for _, webhook := range webhooks {
				_ = unstructured.SetNestedField(webhook.(map[string]any), bundle, "clientConfig", "caBundle")
			}
			_ = unstructured.SetNestedSlice(object.Object, webhooks, "webhooks")
		}
		_, err = client.Resource(caller.of).Update(ctx, object, metav1.UpdateOptions{FieldManager: "cainjector"})
		return err
	})
}

// The names for which the called Service has a certificate, as its pods come by it.
func (s *server) namesOf(ctx context.Context, caller caller) ([]string, error) {
	templates, err := s.templatesBehind(ctx, caller)
	if err != nil {
		return nil, err
	}
	from, isCertificate := caller.annotations[injectFrom]
	_, isSecret := caller.annotations[injectFromSecret]
	switch {
	case isCertificate:
		namespace, name, _ := strings.Cut(from, "/")
		certificate, err := s.dynamic.Resource(certs).Namespace(namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		secret, _, _ := unstructured.NestedString(certificate.Object, "spec", "secretName")
		for _, template := range templates {
			mounts := func(volume corev1.Volume) bool { return volume.Secret != nil && volume.Secret.SecretName == secret }
			if !slices.ContainsFunc(template.Spec.Volumes, mounts) {
				return nil, fmt.Errorf("its pods do not mount %s", secret)
			}
		}
		hosts, _, _ := unstructured.NestedStringSlice(certificate.Object, "spec", "dnsNames")
		return hosts, nil
	case isSecret:
		var hosts []string
		for _, argument := range templates[0].Spec.Containers[0].Args {
			if host, ok := strings.CutPrefix(argument, "--dynamic-serving-dns-names="); ok {
				hosts = append(hosts, strings.Split(host, ",")...)
			}
		}
		return hosts, nil
	}
	return nil, fmt.Errorf("nobody is asked to inject an authority")
}

// The pod templates that the called Service selects; their container has the port that the Service names.
func (s *server) templatesBehind(ctx context.Context, caller caller) ([]corev1.PodTemplateSpec, error) {
	service, err := s.client.CoreV1().Services(caller.namespace).Get(ctx, caller.service, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(service.Spec.Ports, func(port corev1.ServicePort) bool { return int64(port.Port) == caller.port })
	if at < 0 {
		return nil, fmt.Errorf("service %s has no port %d", service.Name, caller.port)
	}
	workloads, err := s.workloads(ctx)
	if err != nil {
		return nil, err
	}
	var found []corev1.PodTemplateSpec
	for _, workload := range workloads {
		selected := labels.SelectorFromSet(service.Spec.Selector).Matches(labels.Set(workload.template.Labels))
		if workload.namespace != caller.namespace || !selected {
			continue
		}
		target := service.Spec.Ports[at].TargetPort
		listens := func(port corev1.ContainerPort) bool {
			return port.Name == target.StrVal || port.ContainerPort == target.IntVal
		}
		if !slices.ContainsFunc(workload.template.Spec.Containers, func(container corev1.Container) bool {
			return slices.ContainsFunc(container.Ports, listens)
		}) {
			return nil, fmt.Errorf("no container of %s listens at %s", workload.name, target.String())
		}
		found = append(found, workload.template)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("service %s selects no pods", service.Name)
	}
	return found, nil
}

// Plays the endpoint controller: without an endpoint that is ready, an aggregated API is not asked.
func (s *server) backs(ctx context.Context, caller caller) error {
	service, err := s.client.CoreV1().Services(caller.namespace).Get(ctx, caller.service, metav1.GetOptions{})
	if err != nil {
		return err
	}
	ready := true
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Name: caller.service, Labels: map[string]string{discoveryv1.LabelServiceName: caller.service},
		},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints: []discoveryv1.Endpoint{{
			Addresses: []string{"192.0.2.2"}, Conditions: discoveryv1.EndpointConditions{Ready: &ready},
		}},
	}
	for _, port := range service.Spec.Ports {
		slice.Ports = append(slice.Ports, discoveryv1.EndpointPort{Name: &port.Name, Port: &port.Port, Protocol: &port.Protocol})
	}
	_, err = s.client.DiscoveryV1().EndpointSlices(caller.namespace).Create(ctx, slice, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

func (s *server) apisAreAvailable(ctx context.Context, callers []caller) error {
	for _, caller := range callers {
		if caller.of != apiServices {
			continue
		}
		name := caller.object.GetName()
		if err := eventually(ctx, name+" is available", func() error {
			object, err := s.dynamic.Resource(apiServices).Get(ctx, name, metav1.GetOptions{})
			if err != nil {
				return err
			}
			conditions, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
			for _, condition := range conditions {
				if is := condition.(map[string]any); is["type"] == "Available" && is["status"] == "True" {
					return nil
				}
			}
			return fmt.Errorf("%v", conditions)
		}); err != nil {
			return err
		}
	}
	return nil
}

// Tries until it is so, for a minute at most.
func eventually(ctx context.Context, what string, so func() error) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		err := so()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("never: %s: %w", what, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
