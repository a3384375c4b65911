package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509/pkix"
	"embed"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	gotemplate "text/template"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Stand-ins for what Prometheus asks: each says what its component would, at the address of its pod, and asks for the
// credentials that its component would ask for.

// What each component says, with the names and labels of its source.
//
//go:embed exporters/*.prom
var voices embed.FS

type exporters struct {
	m         *monitoring
	listeners []net.Listener
	// what speaks TLS and is trusted by nobody
	strange *authority

	mutex sync.Mutex
	// how often each was asked, and what Alertmanager was told
	asked map[string]int
	told  map[string]map[string]string
}

// Starts a stand-in for each target but Prometheus itself.
func (m *monitoring) standIns() (*exporters, error) {
	e := &exporters{m: m, asked: map[string]int{}, told: map[string]map[string]string{}}
	var err error
	if e.strange, err = newAuthority("nobody"); err != nil {
		return nil, err
	}
	places := map[string]*http.ServeMux{}
	for _, target := range m.targets {
		at, err := url.Parse(target.url)
		if err != nil {
			return e, err
		}
		if target.labels["pod"] == m.own.name+"-0" {
			continue // Prometheus itself
		}
		if places[at.Host] == nil {
			places[at.Host] = http.NewServeMux()
			if target.says == "alertmanager" {
				places[at.Host].HandleFunc("POST /api/v2/alerts", e.listens)
			}
			if err := e.serve(at, target, places[at.Host]); err != nil {
				return e, err
			}
		}
		places[at.Host].HandleFunc("GET "+at.Path, func(w http.ResponseWriter, r *http.Request) { e.answers(target, w, r) })
	}
	return e, nil
}

func (e *exporters) serve(at *url.URL, target measured, handler http.Handler) error {
	listener, err := net.Listen("tcp", at.Host)
	if err != nil {
		return err
	}
	e.listeners = append(e.listeners, listener)
	if at.Scheme == "https" {
		by := e.strange
		if target.labels["job"] == "kubelet" || target.labels["job"] == "cadvisor" {
			by = e.m.server.authority
		}
		cert, key, err := by.sign(subject{name: pkix.Name{CommonName: target.says}, ips: []net.IP{net.ParseIP(at.Hostname())}})
		if err != nil {
			return err
		}
		pair, err := tls.X509KeyPair(cert, key)
		if err != nil {
			return err
		}
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}})
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(bytes.NewBuffer(nil), "", 0)}
	go func() { _ = server.Serve(listener) }()
	return nil
}

func (e *exporters) close() {
	for _, listener := range e.listeners {
		_ = listener.Close()
	}
}

// Says what the component says to those whom it answers.
func (e *exporters) answers(target measured, w http.ResponseWriter, r *http.Request) {
	if status := e.admits(r.Context(), target, r); status != http.StatusOK {
		http.Error(w, http.StatusText(status), status)
		return
	}
	e.mutex.Lock()
	e.asked[target.url]++
	many := e.asked[target.url]
	e.mutex.Unlock()
	text, err := e.text(target, many)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if !strings.Contains(target.labels["job"], "-services") { // hand-written ones forget it
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	} else {
		w.Header()["Content-Type"] = nil
	}
	_, _ = w.Write(text)
}

// Grafana asks for its password if it has one, and kubelets ask the server who it is and whether they may answer.
func (e *exporters) admits(ctx context.Context, target measured, r *http.Request) int {
	switch target.says {
	case "grafana":
		wanted, err := e.m.visitor()
		if err != nil {
			return http.StatusInternalServerError
		}
		if user, password, _ := r.BasicAuth(); wanted != "" && (user != wanted || password != e.m.secret) {
			return http.StatusUnauthorized
		}
	case "kubelet", "cadvisor":
		client := e.m.server.client
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		review, err := client.AuthenticationV1().TokenReviews().Create(ctx, &authenticationv1.TokenReview{
			Spec: authenticationv1.TokenReviewSpec{Token: token},
		}, metav1.CreateOptions{})
		if err != nil || !review.Status.Authenticated {
			return http.StatusUnauthorized
		}
		access, err := client.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{
			Spec: authorizationv1.SubjectAccessReviewSpec{
				User: review.Status.User.Username, Groups: review.Status.User.Groups,
				ResourceAttributes: &authorizationv1.ResourceAttributes{
					Verb: "get", Resource: "nodes", Subresource: "metrics", Name: target.labels["node"], Version: "v1",
				},
			},
		}, metav1.CreateOptions{})
		if err != nil || !access.Status.Allowed {
			return http.StatusForbidden
		}
	}
	return http.StatusOK
}

// Whom Grafana shows its metrics, as it is told; nobody is everybody.
func (m *monitoring) visitor() (string, error) {
	grafana := m.platform.one("grafana")
	workload, err := pick(m.objects, "Deployment", grafana.namespace, grafana.name)
	if err != nil {
		return "", err
	}
	pod, err := podsOf(workload)
	if err != nil {
		return "", err
	}
	for _, variable := range pod.Containers[0].Env {
		if variable.Name == "GF_METRICS_BASIC_AUTH_USERNAME" {
			return variable.Value, nil
		}
	}
	return "", nil
}

// What an exporter may speak of.
type knowledge struct {
	Own, Prometheus     placed
	Pods, Services      []placed
	Nodes               []machine
	Namespaces, Volumes []string
}

// What it says when it is asked for so many times.
func (e *exporters) text(target measured, many int) ([]byte, error) {
	about := knowledge{
		Pods: e.m.pods, Nodes: e.m.nodes, Namespaces: e.m.platform.namespaces, Services: e.m.platform.services(),
		Prometheus: placed{Namespace: e.m.own.namespace, Name: e.m.own.name},
	}
	about.Own.Node = target.labels["node"]
	for _, pod := range e.m.pods {
		if pod.Name == target.labels["pod"] && pod.Namespace == target.labels["namespace"] {
			about.Own = pod
		}
		if pod.Workload == e.m.own.name {
			about.Volumes = append(about.Volumes, "data-"+pod.Name)
		}
	}
	all, err := gotemplate.New("").Funcs(gotemplate.FuncMap{
		"rise":   func(by int) int { return many * by },
		"from":   func(seconds int) int64 { return time.Now().Unix() + int64(seconds) },
		"moment": func() int64 { return time.Now().UnixMilli() },
	}).ParseFS(voices, "exporters/*.prom")
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	err = all.ExecuteTemplate(&text, target.says+".prom", about)
	return bytes.TrimLeft(text.Bytes(), "\n"), err
}

// Alertmanager takes alerts.
func (e *exporters) listens(w http.ResponseWriter, r *http.Request) {
	var alerts []struct{ Labels map[string]string }
	if err := json.NewDecoder(r.Body).Decode(&alerts); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	e.mutex.Lock()
	defer e.mutex.Unlock()
	for _, alert := range alerts {
		e.told[alert.Labels["alertname"]] = alert.Labels
	}
}

// Whether Alertmanager has been told of this alert, with the labels that say where it comes from.
func (e *exporters) heard(alert string, labels map[string]string) error {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	told := e.told[alert]
	for name, value := range labels {
		if told[name] != value {
			return fmt.Errorf("it was told of %s with %v", alert, told)
		}
	}
	return nil
}

// Its web services.
func (p platform) services() []placed {
	var found []placed
	for _, of := range p.components {
		if of.kind == "web-service" {
			found = append(found, placed{Namespace: of.namespace, Name: of.name})
		}
	}
	return found
}
