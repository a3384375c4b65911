package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/crypto/bcrypt"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// What claim 13 must notice, each of it changed in what is rendered before it is opened.
var breakages = []fault{
	{"a sealed Secret of another name", "cannot be opened"},
	{"a sealed Secret of another namespace", "cannot be opened"},
	{"a label beside what SOPS has signed", "cannot be opened"},
	{"a value that SOPS has signed, and is gone", "cannot be opened"},
	{"a Secret of another type", "has the type"},
	{"a key that nobody needs", "has the keys"},
	{"values that are not those that were sealed", "was sealed as"},
}

// Who opens what stands encrypted in files: as published, with the throw-away key of the tests.
type opener struct {
	isOf func(unstructured.Unstructured) bool
	// the program, its arguments and what else it is told
	program, name string
	arguments     []string
	environment   []string
}

func (j *judge) openers() []opener { return []opener{j.kubeseal(), j.sops()} }

func (j *judge) kubeseal() opener {
	return opener{
		isOf:    func(object unstructured.Unstructured) bool { return object.GetKind() == "SealedSecret" },
		program: "sealed-secrets", name: "kubeseal",
		arguments: []string{"--recovery-unseal", "--recovery-private-key", j.sealingKey("key.pem")},
	}
}

func (j *judge) sops() opener {
	return opener{
		isOf:    func(object unstructured.Unstructured) bool { return object.Object["sops"] != nil },
		program: "sops", name: "sops",
		arguments:   []string{"decrypt", "--input-type", "yaml", "--output-type", "json", "/dev/stdin"},
		environment: []string{"SOPS_AGE_KEY_FILE=" + j.sealingKey("age.txt")},
	}
}

// A throw-away key of the tests.
func (j *judge) sealingKey(name string) string {
	return filepath.Join(j.root, "tests", "sealing", name)
}

// The Secret in a document, as JSON.
func (j *judge) open(ctx context.Context, by opener, document string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(j.programs.others[by.program], by.name), by.arguments...)
	var out, errs bytes.Buffer
	cmd.Env = append(os.Environ(), by.environment...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(document), &out, &errs
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(errs.String()))
	}
	return out.Bytes(), nil
}

// The stream as whoever applies it with SOPS sends it to the server: everything else is as rendered.
func (j *judge) decrypted(ctx context.Context, stream string) (string, error) {
	by := j.sops()
	documents := between.Split(stream, -1)
	for at, document := range documents {
		var object unstructured.Unstructured
		if err := yaml.Unmarshal([]byte(document), &object.Object); err != nil {
			return "", err
		}
		if object.Object == nil || !by.isOf(object) {
			continue
		}
		opened, err := j.open(ctx, by, document)
		if err != nil {
			return "", fmt.Errorf("%s %s: %w", object.GetKind(), object.GetName(), err)
		}
		text, err := yaml.JSONToYAML(opened)
		if err != nil {
			return "", err
		}
		documents[at] = string(text)
	}
	return strings.Join(documents, "---\n"), nil
}

// What parts documents, and is not the end of something else.
var between = regexp.MustCompile(`(?m)^---\n`)

// A Secret that somebody needs: its type and its keys.
type wanting struct {
	kind string
	keys []string
}

// What platformgen says is needed, by namespace and name.
func (p platform) needsSecrets(ctx context.Context, program string) (map[string]wanting, error) {
	said, err := p.ask(ctx, program, "secrets", "--format", "json")
	if err != nil {
		return nil, err
	}
	var list struct {
		Keys []struct{ Key, Namespace, Secret, Type string }
	}
	if err := json.Unmarshal([]byte(said), &list); err != nil {
		return nil, err
	}
	found := map[string]wanting{}
	for _, one := range list.Keys {
		at := one.Namespace + "/" + one.Secret
		found[at] = wanting{kind: one.Type, keys: append(found[at].keys, one.Key)}
	}
	return found, nil
}

// Opens every Secret that stands encrypted in a file of a platform, and those that are sealed here and now.
func (j *judge) opens(ctx context.Context, platforms []platform, fault string, to *claim) error {
	return each(platforms, func(platform platform, found *claim) error {
		backend := table(platform.tree, "secrets")["backend"]
		if backend != "sealed" && backend != "sops" {
			return nil
		}
		needs, err := platform.needsSecrets(ctx, j.programs.platformgen)
		if err != nil {
			return err
		}
		if backend == "sealed" {
			home, err := os.MkdirTemp("", "sealed-")
			if err != nil {
				return err
			}
			defer os.RemoveAll(home)
			if err := j.sealsAnew(ctx, &platform, home, needs, fault, found); err != nil {
				return err
			}
		}
		found.count("platforms", 1)
		_, err = j.opensAll(ctx, platform, needs, fault, found)
		return err
	}, to)
}

// Opens what is rendered, and holds it against what is needed; what was in there, by namespace, name and key.
func (j *judge) opensAll(
	ctx context.Context, platform platform, needs map[string]wanting, fault string, to *claim,
) (map[string]string, error) {
	stream, err := platform.render(ctx, j.programs.platformgen)
	if err != nil {
		return nil, err
	}
	held := map[string]string{}
	for _, document := range between.Split(stream, -1) {
		var object unstructured.Unstructured
		if err := yaml.Unmarshal([]byte(document), &object.Object); err != nil {
			return nil, err
		}
		for _, by := range j.openers() {
			if object.Object == nil || !by.isOf(object) {
				continue
			}
			where := object.GetNamespace() + "/" + object.GetName()
			opened, err := j.open(ctx, by, broken(document, object, fault))
			if err != nil {
				to.holds(false, "%s cannot be opened: %v", where, err)
				continue
			}
			values, err := secretIn(opened, where, needs[where], to)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", where, err)
			}
			for key, value := range values {
				held[where+"/"+key] = value
			}
			to.count("Secrets opened", 1)
		}
	}
	return held, nil
}

// A document with a fault of that name.
func broken(document string, object unstructured.Unstructured, fault string) string {
	isSealed := object.GetKind() == "SealedSecret"
	name := "name: " + object.GetName() + "\n"
	namespace := "namespace: " + object.GetNamespace() + "\n"
	switch {
	case fault == breakages[0].what && isSealed:
		return strings.ReplaceAll(document, name, "name: another\n")
	case fault == breakages[1].what && isSealed:
		return strings.ReplaceAll(document, namespace, "namespace: another\n")
	case fault == breakages[2].what && !isSealed:
		return strings.Replace(document, namespace, namespace+"  labels:\n    a: b\n", 1)
	case fault == breakages[3].what && !isSealed:
		return strings.Replace(document, "type: kubernetes.io/dockerconfigjson\n", "", 1)
	case fault == breakages[4].what && isSealed:
		return strings.Replace(document, "type: kubernetes.io/dockerconfigjson", "type: example.com/other", 1)
	case fault == breakages[5].what && isSealed:
		return firstSealed.ReplaceAllString(document, "$0\n    extra: $1")
	}
	return document
}

var firstSealed = regexp.MustCompile(`(?m)^  encryptedData:\n    \S+: (.*)$`)

// What is in a Secret, which is as it is needed.
func secretIn(text []byte, where string, needed wanting, to *claim) (map[string]string, error) {
	var secret struct {
		Metadata   struct{ Name, Namespace string }
		Type       string
		Data       map[string]string
		StringData map[string]string
		Sops       any
	}
	if err := json.Unmarshal(text, &secret); err != nil {
		return nil, err
	}
	if secret.Type == "" {
		secret.Type = "Opaque"
	}
	values := maps.Clone(secret.StringData)
	if values == nil {
		values = map[string]string{}
	}
	for key, value := range secret.Data {
		plain, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return nil, err
		}
		values[key] = string(plain)
	}
	at := secret.Metadata.Namespace + "/" + secret.Metadata.Name
	to.holds(at == where, "%s is %s", where, at)
	to.holds(secret.Sops == nil, "%s is still encrypted", where)
	to.holds(secret.Type == needed.kind, "%s has the type %s, and %s is needed", where, secret.Type, needed.kind)
	keys := slices.Sorted(maps.Keys(values))
	to.holds(slices.Equal(keys, needed.keys), "%s has the keys %v, and %v are needed", where, keys, needed.keys)
	to.count("values", len(keys))
	return values, nil
}

// Seals everything that a platform needs anew, in files of its own below home, and opens it again.
func (j *judge) sealsAnew(
	ctx context.Context, platform *platform, home string, needs map[string]wanting, fault string, to *claim,
) error {
	if err := os.CopyFS(home, os.DirFS(platform.dir)); err != nil {
		return err
	}
	platform.dir = home
	file := filepath.Join(home, "this.toml")
	if err := os.WriteFile(file, []byte(platform.text), 0o600); err != nil {
		return err
	}
	put := map[string]string{}
	seal := func(at, value string, arguments ...string) error {
		cmd := exec.CommandContext(ctx, j.programs.platformgen, append([]string{"seal", "--file", file}, arguments...)...)
		var errs bytes.Buffer
		cmd.Dir, cmd.Stdin, cmd.Stderr = home, strings.NewReader(value), &errs
		var exit *exec.ExitError
		switch err := cmd.Run(); {
		case errors.As(err, &exit):
			to.holds(false, "%s is not sealed: %s", at, errs.String())
		case err != nil:
			return err
		default:
			put[at] = value
		}
		return nil
	}
	registry := platform.one("registry")
	users := registry.namespace + "/" + registry.name + "-auth"
	for where, needed := range needs {
		if needed.kind != "Opaque" || where == users {
			continue
		}
		for _, key := range needed.keys {
			at := where + "/" + key
			if err := seal(at, "value of "+at+"\nin \"two\" lines: ü\x00\xff", where, key); err != nil {
				return err
			}
		}
	}
	const user, password = "puller", `"a\:$ü`
	credential := fmt.Sprint(registry.keys["users"])
	if err := seal(credential, password, credential, "--username", user); err != nil {
		return err
	}
	delete(put, credential)
	to.holds(len(put) > 0, "nothing is sealed")
	held, err := j.opensAll(ctx, *platform, needs, "", to)
	if err != nil {
		return err
	}
	if err := j.staysShut(ctx, *platform, home, to); err != nil {
		return err
	}
	for at, value := range put {
		if fault == breakages[6].what {
			value += "."
		}
		to.holds(held[at] == value, "%s was sealed as %q and opened as %q", at, value, held[at])
		to.count("values sealed anew", 1)
	}
	isUser(held, users, needs, user, password, to)
	return nil
}

// One user name and one password are in the list of users and in every pull secret of the registry's.
func isUser(held map[string]string, users string, needs map[string]wanting, user, password string, to *claim) {
	name, hash, _ := strings.Cut(strings.TrimSpace(held[users+"/htpasswd"]), ":")
	err := bcrypt.CompareHashAndPassword([]byte(hash), []byte(password))
	to.holds(name == user && err == nil, "%s lists %q: %v", users, name, err)
	for where := range needs {
		if !strings.HasSuffix(where, "/registry-pull") {
			continue
		}
		var said struct {
			Auths map[string]struct{ Username, Password, Auth string }
		}
		err := json.Unmarshal([]byte(held[where+"/.dockerconfigjson"]), &said)
		to.holds(err == nil && len(said.Auths) == 1, "%s is for %d hosts: %v", where, len(said.Auths), err)
		for _, auth := range said.Auths {
			both := base64of([]byte(user + ":" + password))
			isHers := auth.Username == user && auth.Password == password && auth.Auth == both
			to.holds(isHers, "%s is another credential's", where)
			to.count("pull secrets", 1)
		}
	}
}

// Whoever has another key opens nothing that is sealed.
func (j *judge) staysShut(ctx context.Context, platform platform, home string, to *claim) error {
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	file := filepath.Join(home, "stranger.pem")
	block := pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(stranger)}
	if err := os.WriteFile(file, pem.EncodeToMemory(&block), 0o600); err != nil {
		return err
	}
	stream, err := platform.render(ctx, j.programs.platformgen)
	if err != nil {
		return err
	}
	by := j.kubeseal()
	by.arguments[len(by.arguments)-1] = file
	for _, document := range between.Split(stream, -1) {
		if strings.Contains(document, "\nkind: SealedSecret\n") {
			_, err := j.open(ctx, by, document)
			to.holds(err != nil && strings.Contains(err.Error(), "no key could decrypt"), "a stranger opens a Secret: %v", err)
			to.count("refusals", 1)
		}
	}
	return nil
}
