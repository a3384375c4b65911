package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// The files that the image of the page brings, by path. The start script writes into two of them.
var pageFiles = map[string]string{
	"/usr/share/nginx/html/index.html": "<!doctype html><title>@REGISTRY_TITLE@</title>",
	"/etc/nginx/nginx.conf": `worker_processes auto;
pid /run/nginx.pid;
error_log stderr notice;
events {}
http {
  client_body_temp_path /var/cache/nginx/client_temp;
  proxy_temp_path /var/cache/nginx/proxy_temp;
  fastcgi_temp_path /var/cache/nginx/fastcgi_temp;
  uwsgi_temp_path /var/cache/nginx/uwsgi_temp;
  scgi_temp_path /var/cache/nginx/scgi_temp;
  access_log off;
  include /etc/nginx/conf.d/*.conf;
}
`,
	"/etc/nginx/conf.d/default.conf": `server {
  listen @NGINX_LISTEN_PORT@;
  root /usr/share/nginx/html;
  location /v2 {
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_pass @NGINX_PROXY_PASS_URL@;
  }
}
`,
}

// What the image starts: it edits its files in place, and then nginx serves them.
const pageScript = `#!/bin/sh
set -e
: > /tmp/started
for name in REGISTRY_TITLE NGINX_LISTEN_PORT NGINX_PROXY_PASS_URL; do
  value=$(printenv "$name")
  sed -i "s~@$name@~$value~" /usr/share/nginx/html/index.html /etc/nginx/conf.d/default.conf
done
exec nginx -g 'daemon off;'
`

// Serves the page over the registry that runs, if it is rendered, and asks the registry through it.
func (s *shelf) shows(ctx context.Context, to *claim) error {
	page := s.platform.one("registry-ui")
	if page.name == "" {
		return nil
	}
	var deployment appsv1.Deployment
	if err := rendered(s.objects, "Deployment", page.namespace, page.name, &deployment); err != nil {
		return err
	}
	var service corev1.Service
	if err := rendered(s.objects, "Service", page.namespace, page.name, &service); err != nil {
		return err
	}
	container := deployment.Spec.Template.Spec.Containers[0]
	base, err := address(service, container)
	if err != nil {
		return err
	}
	if err := s.open(ctx, page.name, deployment.Spec.Template.Spec); err != nil {
		return err
	}
	return s.passes(ctx, base, to)
}

// Starts the page as its pod does: what is copied first, then the script of the image.
func (s *shelf) open(ctx context.Context, name string, spec corev1.PodSpec) error {
	programs := filepath.Join(s.node.dir, "page-programs")
	if err := os.MkdirAll(programs, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(programs, "page"), []byte(pageScript), 0o755); err != nil {
		return err
	}
	pod, err := s.node.pod(name, "127.0.0.1", spec, belongings{}, programs)
	if err != nil {
		return err
	}
	if pod.brings, err = pageImage(filepath.Join(s.node.dir, "image")); err != nil {
		return err
	}
	for _, init := range spec.InitContainers {
		root, err := pod.root(init)
		if err != nil {
			return err
		}
		text, isGood, err := pod.run(ctx, root, init.Name, nil, init.Command...)
		if err != nil {
			return err
		}
		if !isGood {
			return fmt.Errorf("%s: %s", init.Name, text)
		}
	}
	root, err := pod.root(spec.Containers[0])
	if err != nil {
		return err
	}
	process, err := pod.start(root, spec.Containers[0], programsAt+"/page")
	if err != nil {
		return err
	}
	return pod.isUp(ctx, process, spec.Containers[0])
}

// Writes the files of the image below a directory; which directory stands for which path.
func pageImage(dir string) (map[string]string, error) {
	for path, text := range pageFiles {
		at := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	brings := map[string]string{}
	for _, path := range []string{"/usr/share/nginx/html", "/etc/nginx"} {
		brings[path] = filepath.Join(dir, path)
	}
	return brings, nil
}

// Asks through the page: it has its title, lets nobody in whom the registry does not, and shows what was pushed.
func (s *shelf) passes(ctx context.Context, base string, to *claim) error {
	nobody, visitor := s.puller("", ""), s.puller(s.user, s.password)
	nobody.base, visitor.base = base, base
	for _, asked := range []struct {
		by         *puller
		path, says string
		code       int
	}{
		{nobody, "/", "<title>", http.StatusOK},
		{nobody, "/v2/", "UNAUTHORIZED", http.StatusUnauthorized},
		{nobody, "/v2/_catalog", "UNAUTHORIZED", http.StatusUnauthorized},
		{visitor, "/v2/_catalog", `"` + repository + `"`, http.StatusOK},
		{visitor, "/v2/" + repository + "/tags/list", `"served"`, http.StatusOK},
		{visitor, "/v2/" + repository + "/manifests/served", `"layers"`, http.StatusOK},
		{visitor, "/v2/" + repository + "/manifests/none", "MANIFEST_UNKNOWN", http.StatusNotFound},
	} {
		said, err := asked.by.ask(ctx, http.MethodGet, asked.path, "", nil)
		if err != nil {
			return err
		}
		isRight := said.code == asked.code && strings.Contains(string(said.body), asked.says)
		to.holds(isRight, "the page answers %s with %d %.200s", asked.path, said.code, said.body)
		if said.code == http.StatusUnauthorized {
			challenge := said.header.Get("WWW-Authenticate")
			to.holds(strings.HasPrefix(challenge, "Basic realm="), "a browser is not asked for a credential: %q", challenge)
		}
		to.count("requests through the page", 1)
	}
	return nil
}
