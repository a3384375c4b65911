package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A registry as rendered, on a node with those who push and pull.
type shelf struct {
	node       *node
	platform   platform
	of         component
	objects    []unstructured.Unstructured
	deployment appsv1.Deployment
	pod        *runningPod
	root       string
	process    *process
	base       string
	// what the store of secrets holds, by key and property
	held map[string]string
	// the credential that the description names
	user, password string
}

// Tries every registry on the minor that its platform is written for, all at once.
func (j *judge) keeps(ctx context.Context, platforms []platform, fault string, to *claim) error {
	return each(platforms, func(platform platform, found *claim) error {
		as, isTried := mishaps.of(fault, platform.title())
		if !isTried || platform.minor != platform.own || platform.one("registry").name == "" {
			return nil
		}
		found.count("platforms", 1)
		return j.keep(ctx, platform, as, found)
	}, to)
}

func (j *judge) keep(ctx context.Context, platform platform, as func(string) (string, error), to *claim) error {
	stream, err := platform.render(ctx, j.programs.platformgen)
	if err != nil {
		return err
	}
	if stream, err = as(stream); err != nil {
		return err
	}
	objects, err := objects(stream)
	if err != nil {
		return err
	}
	node, err := newNode()
	if err != nil {
		return err
	}
	defer node.close()
	s := &shelf{node: node, platform: platform, of: platform.one("registry"), objects: objects, held: map[string]string{}}
	if err := rendered(objects, "Deployment", s.of.namespace, s.of.name, &s.deployment); err != nil {
		return err
	}
	for _, object := range objects {
		if object.GetKind() == "Service" {
			node.hosts[object.GetName()+"."+object.GetNamespace()+".svc.cluster.local"] = "127.0.0.1"
		}
	}
	s.user, s.password = "puller", `"`+rand.Text()+`\:$ü`
	if err := s.place(j.programs.others["registry"]); err != nil {
		to.holds(false, "%v", err)
		return nil
	}
	for _, step := range []func(context.Context, *claim) error{
		s.starts, s.refusesStrangers, s.acceptsPullSecrets, s.serves, s.shows, s.collects,
	} {
		if err := step(ctx, to); err != nil {
			to.holds(false, "%v", err)
			return ctx.Err()
		}
	}
	return nil
}

// What the store of secrets holds: the credential, and whatever else is asked for, the same each time.
func (s *shelf) secret(key, property string) string {
	switch at := key + "/" + property; {
	case strings.HasSuffix(key, "/"+fmt.Sprint(s.of.keys["users"])) && property == "username":
		return s.user
	case strings.HasSuffix(key, "/"+fmt.Sprint(s.of.keys["users"])) && property == "password":
		return s.password
	default:
		if s.held[at] == "" {
			s.held[at] = rand.Text()
		}
		return s.held[at]
	}
}

// The secrets of the registry: as rendered, or as whoever brings them makes them.
func (s *shelf) secrets() (map[string]map[string]string, error) {
	secrets, err := externalSecrets(s.objects, s.of.namespace, s.secret)
	if err != nil || len(secrets) > 0 {
		return secrets, err
	}
	const line = `{{ printf "%s:%s" .user (.password | bcrypt) }}`
	users, err := filled(line, map[string]string{"user": s.user, "password": s.password})
	return map[string]map[string]string{
		s.of.name + "-auth": {"htpasswd": users}, s.of.name + "-http": {"secret": rand.Text()},
	}, err
}

func (s *shelf) place(programs string) error {
	secrets, err := s.secrets()
	if err != nil {
		return err
	}
	has := belongings{files: filesOf(s.objects, s.of.namespace), secrets: secrets}
	if s.pod, err = s.node.pod(s.of.name, "127.0.0.1", s.deployment.Spec.Template.Spec, has, programs); err != nil {
		return err
	}
	if s.root, err = s.pod.root(s.container()); err != nil {
		return err
	}
	var service corev1.Service
	if err := rendered(s.objects, "Service", s.of.namespace, s.of.name, &service); err != nil {
		return err
	}
	s.base, err = address(service, s.container())
	return err
}

func (s *shelf) container() corev1.Container { return s.deployment.Spec.Template.Spec.Containers[0] }

// Where a Service leads, by its name and the port of the container behind it.
func address(service corev1.Service, container corev1.Container) (string, error) {
	port, err := containerPort(container, service.Spec.Ports[0].TargetPort)
	if err != nil {
		return "", fmt.Errorf("Service %s leads nowhere: %w", service.Name, err)
	}
	return fmt.Sprintf("http://%s.%s.svc.cluster.local:%d", service.Name, service.Namespace, port), nil
}

// Collects garbage if that is rendered, and starts the registry, as a pod does.
func (s *shelf) starts(ctx context.Context, _ *claim) error {
	for _, init := range s.pod.spec.InitContainers {
		root := filepath.Join(s.node.dir, s.pod.name, init.Name)
		if _, err := os.Stat(root); err != nil {
			if root, err = s.pod.root(init); err != nil {
				return err
			}
		}
		env, _, err := variables(init, s.pod.field, s.pod.has.secrets)
		if err != nil {
			return err
		}
		text, isGood, err := s.pod.run(ctx, root, init.Name, env, init.Command...)
		if err != nil {
			return err
		}
		if !isGood || strings.Contains(text, "failed") {
			return fmt.Errorf("%s: %s", init.Name, text)
		}
	}
	var err error
	if s.process, err = s.pod.start(s.root, s.container(), programsAt+"/registry"); err != nil {
		return err
	}
	return s.pod.isUp(ctx, s.process, s.container())
}
