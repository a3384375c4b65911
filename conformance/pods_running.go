package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Plays the nodes: the pods of every workload run, each at a loopback address of its own.

// A server with a platform on it whose pods run, beside strangers.
type world struct {
	server *server
	pods   []placed
	nodes  []machine
	leave  context.CancelFunc
}

func (c *world) close() {
	if c.server != nil {
		c.server.close()
	}
	c.leave()
}

func (j *judge) populate(ctx context.Context, platform platform, stream string) (*world, error) {
	c := &world{}
	ctx, c.leave = context.WithCancel(ctx)
	if err := c.fill(ctx, j, platform, stream); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *world) fill(ctx context.Context, j *judge, platform platform, stream string) error {
	objects, err := objects(stream)
	if err != nil {
		return err
	}
	if c.server, err = startServer(ctx, "c"+rand.Text(), platform.minor, j.store, j.programs); err != nil {
		return err
	}
	if err := c.server.define(ctx, j.definitions, objects); err != nil {
		return err
	}
	c.server.play(ctx)
	applied := &claim{}
	if err := c.server.applies(ctx, stream, objects, applied); err != nil {
		return err
	}
	if len(applied.faults) > 0 {
		return errors.New(strings.Join(applied.faults, "\n"))
	}
	var from loopback
	if c.nodes, err = c.server.makeNodes(ctx, &from); err != nil {
		return err
	}
	if c.pods, err = c.server.runPods(ctx, c.nodes, &from); err != nil {
		return err
	}
	like := platform.one("web-service")
	if like.name == "" {
		like = platform.one("prometheus")
	}
	return c.server.runStrangers(ctx, like.namespace, like.name, c.nodes[0].Name, &from)
}

// A pod that runs, and what it runs for.
type placed struct{ Namespace, Workload, Container, Name, Node, Address string }

type machine struct{ Name, Address string }

// Loopback addresses, of a range that a run has mostly to itself.
type loopback struct{ next int }

func (a *loopback) take() string {
	a.next++
	return fmt.Sprintf("127.%d.%d.%d", 64+os.Getpid()%128, a.next/250, 1+a.next%250)
}

func (s *server) makeNodes(ctx context.Context, from *loopback) ([]machine, error) {
	var found []machine
	for _, name := range []string{"node-1", "node-2"} {
		of := machine{name, from.take()}
		_, err := s.client.CoreV1().Nodes().Create(ctx, &corev1.Node{
			ObjectMeta: metav1.ObjectMeta{Name: of.Name, Labels: map[string]string{"kubernetes.io/os": "linux"}},
			Status: corev1.NodeStatus{
				Addresses:       []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: of.Address}},
				DaemonEndpoints: corev1.NodeDaemonEndpoints{KubeletEndpoint: corev1.DaemonEndpoint{Port: nodePort}},
			},
		}, metav1.CreateOptions{})
		if err != nil {
			return nil, err
		}
		found = append(found, of)
	}
	return found, nil
}

// Makes a pod or two of every workload, or as many as have names, and lets them run; those of jobs have ended.
func (s *server) runPods(ctx context.Context, nodes []machine, from *loopback) ([]placed, error) {
	if err := s.quotasBind(ctx); err != nil {
		return nil, err
	}
	workloads, err := s.workloads(ctx)
	if err != nil {
		return nil, err
	}
	var found []placed
	for _, workload := range workloads {
		phase, most := corev1.PodRunning, 2
		switch workload.kind {
		case "CronJob":
			phase = corev1.PodSucceeded
		case "StatefulSet":
			most = workload.most // each has a name that somebody may know
		}
		for number := range min(workload.most, most) {
			if err := workload.create(ctx, s.client, number); err != nil {
				return nil, err
			}
			node := nodes[number%len(nodes)]
			pod := placed{
				workload.namespace, workload.name, workload.template.Spec.Containers[0].Name,
				fmt.Sprintf("%s-%d", workload.name, number), node.Name, from.take(),
			}
			if err := s.runs(ctx, pod, phase); err != nil {
				return nil, err
			}
			found = append(found, pod)
		}
	}
	return found, nil
}

// Binds a pod to its node, which says what has become of it.
func (s *server) runs(ctx context.Context, of placed, phase corev1.PodPhase) error {
	pods := s.client.CoreV1().Pods(of.Namespace)
	err := pods.Bind(ctx, &corev1.Binding{
		ObjectMeta: metav1.ObjectMeta{Name: of.Name}, Target: corev1.ObjectReference{Kind: "Node", Name: of.Node},
	}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	pod, err := pods.Get(ctx, of.Name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	pod.Status.Phase, pod.Status.PodIP, pod.Status.PodIPs = phase, of.Address, []corev1.PodIP{{IP: of.Address}}
	ready := corev1.ConditionFalse
	if phase == corev1.PodRunning {
		ready = corev1.ConditionTrue
	}
	pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: corev1.PodReady, Status: ready})
	_, err = pods.UpdateStatus(ctx, pod, metav1.UpdateOptions{})
	return err
}

// Pods that look like what is measured and are not: nobody may ask them.
var strangers = []struct {
	name, namespace string
	phase           corev1.PodPhase
	change          func(pod *corev1.Pod)
}{
	{"other-pending", "", corev1.PodPending, func(*corev1.Pod) {}},
	{"other-failed", "", corev1.PodFailed, func(*corev1.Pod) {}},
	{"other-elsewhere", "kube-system", corev1.PodRunning, func(*corev1.Pod) {}},
	{"other-unmeasured", "", corev1.PodRunning, func(pod *corev1.Pod) { delete(pod.Labels, "platformgen.io/scrape") }},
	{"other-unknown", "", corev1.PodRunning, func(pod *corev1.Pod) { pod.Labels["app.kubernetes.io/name"] = "other" }},
	{"other-port", "", corev1.PodRunning, func(pod *corev1.Pod) {
		for at := range pod.Spec.Containers[0].Ports {
			pod.Spec.Containers[0].Ports[at].Name = fmt.Sprintf("other-%d", at)
		}
	}},
}

// Lets strangers run beside the pods of a workload.
func (s *server) runStrangers(ctx context.Context, namespace, workload, node string, from *loopback) error {
	like, err := s.client.CoreV1().Pods(namespace).Get(ctx, workload+"-0", metav1.GetOptions{})
	if err != nil {
		return err
	}
	for _, stranger := range strangers {
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: stranger.name, Namespace: namespace, Labels: map[string]string{}},
			Spec: corev1.PodSpec{
				Containers: []corev1.Container{*like.Spec.Containers[0].DeepCopy()}, SecurityContext: like.Spec.SecurityContext,
			},
		}
		for name, value := range like.Labels {
			pod.Labels[name] = value
		}
		if stranger.namespace != "" {
			pod.Namespace = stranger.namespace
		}
		pod.Spec.Containers[0].VolumeMounts, pod.Spec.Containers[0].Env = nil, nil
		stranger.change(pod)
		if _, err := s.client.CoreV1().Pods(pod.Namespace).Create(ctx, pod, metav1.CreateOptions{}); err != nil {
			return err
		}
		if err := s.runs(ctx, placed{pod.Namespace, "", "", pod.Name, node, from.take()}, stranger.phase); err != nil {
			return err
		}
	}
	return nil
}
