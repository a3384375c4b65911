package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// What speaks to a registry as a container runtime does, with a credential or with none.
type puller struct {
	client         *http.Client
	base           string
	user, password string
}

// What a registry said.
type reply struct {
	code   int
	header http.Header
	body   []byte
}

func (p *puller) ask(ctx context.Context, method, path, kind string, body []byte) (reply, error) {
	request, err := http.NewRequestWithContext(ctx, method, p.base+path, bytes.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	request.Header.Set("Accept", strings.Join([]string{manifestKind, indexKind}, ", "))
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	if p.user != "" {
		request.SetBasicAuth(p.user, p.password)
	}
	response, err := p.client.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return reply{response.StatusCode, response.Header, text}, err
}

const (
	manifestKind = "application/vnd.oci.image.manifest.v1+json"
	indexKind    = "application/vnd.oci.image.index.v1+json"
	configKind   = "application/vnd.oci.image.config.v1+json"
	layerKind    = "application/vnd.oci.image.layer.v1.tar"
)

// Content that a registry keeps by its digest.
type blob struct {
	kind, digest string
	text         []byte
}

func newBlob(kind string, text []byte) blob {
	return blob{kind, fmt.Sprintf("sha256:%x", sha256.Sum256(text)), text}
}

// A layer that nobody else has.
func newLayer() blob { return newBlob(layerKind, []byte(rand.Text())) }

func (b blob) described() map[string]any {
	return map[string]any{"mediaType": b.kind, "digest": b.digest, "size": len(b.text)}
}

// An image, or an index of several.
type image struct {
	manifest blob
	blobs    []blob
}

func newImage(layers ...blob) image {
	config := newBlob(configKind, fmt.Appendf(nil, `{"architecture":"amd64","os":"linux","author":%q}`, rand.Text()))
	var described []any
	for _, layer := range layers {
		described = append(described, layer.described())
	}
	manifest, _ := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": manifestKind, "config": config.described(), "layers": described,
	})
	return image{newBlob(manifestKind, manifest), append([]blob{config}, layers...)}
}

func newIndex(images ...image) image {
	var described []any
	for _, image := range images {
		one := image.manifest.described()
		one["platform"] = map[string]any{"os": "linux", "architecture": "amd64"}
		described = append(described, one)
	}
	index, _ := json.Marshal(map[string]any{"schemaVersion": 2, "mediaType": indexKind, "manifests": described})
	return image{manifest: newBlob(indexKind, index)}
}

// Pushes an image under a tag or, without one, under its digest.
func (p *puller) push(ctx context.Context, repository, tag string, image image) error {
	for _, blob := range image.blobs {
		if err := p.upload(ctx, repository, blob); err != nil {
			return err
		}
	}
	if tag == "" {
		tag = image.manifest.digest
	}
	path := "/v2/" + repository + "/manifests/" + tag
	said, err := p.ask(ctx, http.MethodPut, path, image.manifest.kind, image.manifest.text)
	if err == nil && said.code != http.StatusCreated {
		err = fmt.Errorf("PUT %s: %d %s", path, said.code, said.body)
	}
	return err
}

// Uploads a blob in two pieces, each to where the registry says.
func (p *puller) upload(ctx context.Context, repository string, blob blob) error {
	method, path, body, wanted := http.MethodPost, "/v2/"+repository+"/blobs/uploads/", []byte(nil), http.StatusAccepted
	half := len(blob.text) / 2
	for _, piece := range [][]byte{blob.text[:half], blob.text[half:], nil} {
		said, err := p.ask(ctx, method, path, "application/octet-stream", body)
		if err != nil {
			return err
		}
		if said.code != wanted {
			return fmt.Errorf("%s %s: %d %s", method, path, said.code, said.body)
		}
		// behind a proxy that ends TLS, any other address would be a wrong one
		if path = said.header.Get("Location"); !strings.HasPrefix(path, "/") {
			return fmt.Errorf("an upload is sent elsewhere: %s", path)
		}
		method, body = http.MethodPatch, piece
	}
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	path += separator + "digest=" + url.QueryEscape(blob.digest)
	said, err := p.ask(ctx, http.MethodPut, path, "application/octet-stream", nil)
	if err == nil && said.code != http.StatusCreated {
		err = fmt.Errorf("PUT %s: %d %s", path, said.code, said.body)
	}
	return err
}

// Pulls an image by a tag or digest, with everything that it is made of, and compares it.
func (p *puller) pull(ctx context.Context, repository, tag string, image image) error {
	paths := map[string]blob{"/v2/" + repository + "/manifests/" + tag: image.manifest}
	for _, blob := range image.blobs {
		paths["/v2/"+repository+"/blobs/"+blob.digest] = blob
	}
	for path, blob := range paths {
		said, err := p.ask(ctx, http.MethodGet, path, "", nil)
		if err != nil {
			return err
		}
		if said.code != http.StatusOK || !bytes.Equal(said.body, blob.text) {
			return fmt.Errorf("GET %s: %d %s", path, said.code, said.body)
		}
	}
	return nil
}
