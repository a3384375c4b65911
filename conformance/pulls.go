package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

// Asks as nobody and as others, who may not even look.
func (s *shelf) refusesStrangers(ctx context.Context, to *claim) error {
	strangers := map[string]*puller{
		"nobody": s.puller("", ""), "somebody else": s.puller("x", s.password),
		"a wrong password": s.puller(s.user, s.password+"."),
	}
	for who, stranger := range strangers {
		for _, path := range []string{"GET /v2/", "GET /v2/_catalog", "GET /v2/a/manifests/1", "POST /v2/a/blobs/uploads/"} {
			method, path, _ := strings.Cut(path, " ")
			said, err := stranger.ask(ctx, method, path, "", nil)
			if err != nil {
				return err
			}
			challenge := said.header.Get("WWW-Authenticate")
			isRefused := said.code == http.StatusUnauthorized && strings.HasPrefix(challenge, "Basic realm=")
			to.holds(isRefused, "%s may %s %s: %d %q", who, method, path, said.code, challenge)
			to.count("refusals", 1)
		}
	}
	return nil
}

func (s *shelf) puller(user, password string) *puller {
	return &puller{client: s.node.client(), base: s.base, user: user, password: password}
}

// Logs in with every pull secret that pods of images from here are given.
func (s *shelf) acceptsPullSecrets(ctx context.Context, to *claim) error {
	var route networkingv1.Ingress
	if err := rendered(s.objects, "Ingress", s.of.namespace, s.of.name, &route); err != nil {
		return err
	}
	host, seen := route.Spec.Rules[0].Host, map[string]bool{}
	for _, object := range s.objects {
		if object.GetKind() != "Deployment" {
			continue
		}
		var of appsv1.Deployment
		if err := rendered(s.objects, "Deployment", object.GetNamespace(), object.GetName(), &of); err != nil {
			return err
		}
		pod := of.Spec.Template.Spec
		isFromHere := func(container corev1.Container) bool { return strings.HasPrefix(container.Image, host+"/") }
		if !slices.ContainsFunc(pod.Containers, isFromHere) {
			continue
		}
		to.holds(len(pod.ImagePullSecrets) == 1, "%s/%s has no pull secret", of.Namespace, of.Name)
		for _, secret := range pod.ImagePullSecrets {
			if at := of.Namespace + "/" + secret.Name; !seen[at] {
				seen[at] = true
				if err := s.acceptsPullSecret(ctx, host, of.Namespace, secret.Name, to); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (s *shelf) acceptsPullSecret(ctx context.Context, host, namespace, name string, to *claim) error {
	made, err := externalSecrets(s.objects, namespace, s.secret)
	if err != nil {
		return err
	}
	if len(made) == 0 {
		return nil // whoever brings secrets makes this one too
	}
	var says struct {
		Auths map[string]struct{ Username, Password, Auth string }
	}
	if err := json.Unmarshal([]byte(made[name][corev1.DockerConfigJsonKey]), &says); err != nil {
		return fmt.Errorf("pull secret %s/%s: %w", namespace, name, err)
	}
	entry, isOurs := says.Auths[host]
	if !isOurs {
		return fmt.Errorf("pull secret %s/%s is not for %s", namespace, name, host)
	}
	both, err := base64.StdEncoding.DecodeString(entry.Auth)
	if err != nil {
		return err
	}
	user, password, _ := strings.Cut(string(both), ":")
	forms := map[string]*puller{"fields": s.puller(entry.Username, entry.Password), "auth": s.puller(user, password)}
	for form, puller := range forms {
		said, err := puller.ask(ctx, http.MethodGet, "/v2/", "", nil)
		if err != nil {
			return err
		}
		to.holds(said.code == http.StatusOK, "the %s of pull secret %s/%s are refused: %d", form, namespace, name, said.code)
	}
	to.count("pull secrets", 1)
	return nil
}
