package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// A workload of the server, and how many of its pods there may be at once.
type workload struct {
	kind, namespace, name string
	// the controller of kube-system that makes its pods
	by       string
	template corev1.PodTemplateSpec
	most     int
	claims   []corev1.PersistentVolumeClaim
}

// Every workload, at its largest: as far as its autoscaler goes, and as many more as a rollout may add.
func (s *server) workloads(ctx context.Context) ([]workload, error) {
	var found []workload
	scalers, err := s.client.AutoscalingV2().HorizontalPodAutoscalers("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	deployments, err := s.client.AppsV1().Deployments("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	for _, of := range deployments.Items {
		replicas := largest(scalers.Items, of.Namespace, of.Name, of.Spec.Replicas)
		surge := 0
		if rolling := of.Spec.Strategy.RollingUpdate; rolling != nil {
			if surge, err = intstr.GetScaledValueFromIntOrPercent(rolling.MaxSurge, replicas, true); err != nil {
				return nil, err
			}
		}
		found = append(found, workload{
			kind: "Deployment", namespace: of.Namespace, name: of.Name, by: "replicaset-controller",
			template: of.Spec.Template, most: replicas + surge,
		})
	}
	sets, err := s.client.AppsV1().StatefulSets("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	for _, of := range sets.Items {
		found = append(found, workload{
			kind: "StatefulSet", namespace: of.Namespace, name: of.Name, by: "statefulset-controller",
			template: of.Spec.Template, claims: of.Spec.VolumeClaimTemplates,
			most: largest(scalers.Items, of.Namespace, of.Name, of.Spec.Replicas),
		})
	}
	daemons, err := s.client.AppsV1().DaemonSets("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	for _, of := range daemons.Items {
		found = append(found, workload{
			kind: "DaemonSet", namespace: of.Namespace, name: of.Name, by: "daemon-set-controller",
			template: of.Spec.Template, most: 1,
		})
	}
	jobs, err := s.client.BatchV1().CronJobs("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	for _, of := range jobs.Items {
		found = append(found, workload{
			kind: "CronJob", namespace: of.Namespace, name: of.Name, by: "job-controller",
			template: of.Spec.JobTemplate.Spec.Template, most: 1,
		})
	}
	return found, nil
}

func largest(scalers []autoscalingv2.HorizontalPodAutoscaler, namespace, name string, fixed *int32) int {
	for _, scaler := range scalers {
		if scaler.Namespace == namespace && scaler.Spec.ScaleTargetRef.Name == name {
			return int(scaler.Spec.MaxReplicas)
		}
	}
	if fixed == nil {
		return 1
	}
	return int(*fixed)
}

// Claim 2: the pods of every workload are admitted, all of them at once, without a word of complaint.
func (s *server) admitsPods(ctx context.Context, claim *claim) error {
	if err := s.quotasBind(ctx); err != nil {
		return err
	}
	workloads, err := s.workloads(ctx)
	if err != nil {
		return err
	}
	for _, workload := range workloads {
		client, complaints, err := s.as("system:serviceaccount:kube-system:" + workload.by)
		if err != nil {
			return err
		}
		for number := range workload.most {
			if err := workload.create(ctx, client, number); err != nil {
				claim.holds(false, "pod %d of %s %s/%s: %v", number+1, workload.kind, workload.namespace, workload.name, err)
			}
		}
		claim.holds(len(*complaints) == 0, "%s %s/%s: %s", workload.kind, workload.namespace, workload.name, complaints)
		claim.count("pods admitted", workload.most)
	}
	claim.count("workloads", len(workloads))
	return nil
}

func (w workload) create(ctx context.Context, client kubernetes.Interface, number int) error {
	name := w.name + "-" + strconv.Itoa(number)
	pod := &corev1.Pod{ObjectMeta: *w.template.ObjectMeta.DeepCopy(), Spec: *w.template.Spec.DeepCopy()}
	pod.Namespace, pod.Name = w.namespace, name
	for _, of := range w.claims {
		volume := &corev1.PersistentVolumeClaim{ObjectMeta: *of.ObjectMeta.DeepCopy(), Spec: *of.Spec.DeepCopy()}
		volume.Namespace, volume.Name = w.namespace, of.Name+"-"+name
		_, err := client.CoreV1().PersistentVolumeClaims(w.namespace).Create(ctx, volume, metav1.CreateOptions{})
		if err != nil {
			return err
		}
		pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: of.Name, VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: volume.Name},
		}})
	}
	_, err := client.CoreV1().Pods(w.namespace).Create(ctx, pod, metav1.CreateOptions{})
	return err
}

// The server's complaints to one client.
type complaints []string

func (c *complaints) HandleWarningHeader(_ int, _ string, text string) { *c = append(*c, text) }
func (c *complaints) String() string                                   { return strings.Join(*c, "; ") }

// A client that has the rights of this user, and what the server complains about to it.
func (s *server) as(user string) (kubernetes.Interface, *complaints, error) {
	heard := &complaints{}
	config := rest.CopyConfig(s.config)
	config.Impersonate.UserName = user
	if namespace, _, ok := strings.Cut(strings.TrimPrefix(user, "system:serviceaccount:"), ":"); ok {
		config.Impersonate.Groups = []string{"system:serviceaccounts", "system:serviceaccounts:" + namespace, "system:authenticated"}
	}
	config.WarningHandler = heard
	client, err := kubernetes.NewForConfig(config)
	return client, heard, err
}

// Claim 2, the other way round: the judges are awake. Each namespace that is restricted refuses a pod that is not, and
// each quota one that is too large.
func (s *server) refusesOthers(ctx context.Context, platform platform, claim *claim) error {
	for _, name := range platform.restricted {
		root := pod(name)
		root.Spec.Containers[0].SecurityContext.RunAsNonRoot = new(false)
		_, err := s.client.CoreV1().Pods(name).Create(ctx, root, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		claim.holds(err != nil && strings.Contains(err.Error(), "PodSecurity"), "%s admits a pod that runs as root: %v", name, err)
		claim.count("refused pods", 1)
	}
	quotas, err := s.client.CoreV1().ResourceQuotas("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, quota := range quotas.Items {
		large := pod(quota.Namespace)
		hard := corev1.ResourceList{}
		for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
			most := quota.Spec.Hard["requests."+name]
			most.Add(most)
			hard[name] = most
		}
		large.Spec.Resources = nil
		large.Spec.Containers[0].Resources = corev1.ResourceRequirements{Requests: hard, Limits: hard}
		_, err := s.client.CoreV1().Pods(quota.Namespace).Create(ctx, large, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		refused := err != nil && (strings.Contains(err.Error(), "exceeded quota") || strings.Contains(err.Error(), "maximum"))
		claim.holds(refused, "%s admits a pod of twice its quota: %v", quota.Namespace, err)
		claim.count("refused pods", 1)
	}
	return nil
}

// A pod that is as restricted as can be.
func pod(namespace string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "other"},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Name: "other", Image: "example.com/other:1",
			SecurityContext: &corev1.SecurityContext{
				RunAsNonRoot: new(true), AllowPrivilegeEscalation: new(false),
				Capabilities:   &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
				SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
		}}},
	}
}

func account(namespace, name string) string {
	return fmt.Sprintf("system:serviceaccount:%s:%s", namespace, name)
}
