package main

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Waits until every rendered probe of a container that runs is answered well.
func (p *runningPod) isUp(ctx context.Context, process *process, container corev1.Container) error {
	for _, probe := range []*corev1.Probe{container.StartupProbe, container.ReadinessProbe, container.LivenessProbe} {
		if probe == nil {
			continue
		}
		if err := p.passes(ctx, process, container, probe); err != nil {
			return err
		}
	}
	return nil
}

func (p *runningPod) passes(
	ctx context.Context, process *process, container corev1.Container, probe *corev1.Probe,
) error {
	switch {
	case probe.HTTPGet != nil:
		port, err := containerPort(container, probe.HTTPGet.Port)
		if err != nil {
			return err
		}
		url := fmt.Sprintf("http://%s:%d%s", p.ip, port, probe.HTTPGet.Path)
		return process.answers(ctx, p.node.client(), url)
	case probe.TCPSocket != nil:
		port, err := containerPort(container, probe.TCPSocket.Port)
		if err != nil {
			return err
		}
		return eventually(ctx, container.Name+" takes connections", func() error {
			conn, err := p.node.dial(ctx, "tcp", fmt.Sprintf("%s:%d", p.ip, port))
			if err == nil {
				err = conn.Close()
			}
			return err
		})
	}
	return fmt.Errorf("nobody knows how to probe %s", container.Name)
}

// The port of a container that a name or a number means; only its own, for nothing else is behind a Service.
func containerPort(container corev1.Container, at intstr.IntOrString) (int32, error) {
	for _, port := range container.Ports {
		if at.String() == port.Name || at.IntVal == port.ContainerPort {
			return port.ContainerPort, nil
		}
	}
	return 0, fmt.Errorf("%s has no port %s", container.Name, at.String())
}
