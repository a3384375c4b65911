package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// An authority signs what one server and its stand-ins need; it lives as long as the run.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newAuthority(name string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := template(pkix.Name{CommonName: name})
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &authority{cert: cert, key: key, pem: encoded("CERTIFICATE", der)}, err
}

// What a certificate is for.
type subject struct {
	name   pkix.Name
	hosts  []string
	ips    []net.IP
	client bool
}

func (a *authority) sign(s subject) (certPEM, keyPEM []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := template(s.name)
	template.DNSNames, template.IPAddresses = s.hosts, s.ips
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	if s.client {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		return nil, nil, err
	}
	raw, err := x509.MarshalECPrivateKey(key)
	return encoded("CERTIFICATE", der), encoded("EC PRIVATE KEY", raw), err
}

// A certificate for a TLS server that answers to these names.
func (a *authority) serving(hosts []string) (*tls.Certificate, error) {
	cert, key, err := a.sign(subject{name: pkix.Name{CommonName: "stand-in"}, hosts: hosts})
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	return &pair, err
}

// Everything that the API server and its administrator show to each other, as files of dir.
func writeCertificates(dir string, own *authority) error {
	front, err := newAuthority("front proxy")
	if err != nil {
		return err
	}
	files := map[string][]byte{"ca.crt": own.pem, "front-ca.crt": front.pem}
	pairs := []struct {
		file string
		by   *authority
		of   subject
	}{
		{"server", own, subject{
			name:  pkix.Name{CommonName: "kube-apiserver"},
			hosts: []string{"localhost", "kubernetes", "kubernetes.default.svc"},
			ips:   []net.IP{net.IPv4(127, 0, 0, 1)},
		}},
		{"admin", own, subject{
			name: pkix.Name{CommonName: "conformance", Organization: []string{"system:masters"}}, client: true,
		}},
		{"front", front, subject{name: pkix.Name{CommonName: "front-proxy"}, client: true}},
		{"accounts", own, subject{name: pkix.Name{CommonName: "service accounts"}}},
	}
	for _, pair := range pairs {
		cert, key, err := pair.by.sign(pair.of)
		if err != nil {
			return fmt.Errorf("certificate %s: %w", pair.file, err)
		}
		files[pair.file+".crt"], files[pair.file+".key"] = cert, key
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func template(name pkix.Name) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<62))
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial, Subject: name,
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
	}
}

func encoded(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
