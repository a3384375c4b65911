package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"net/mail"
	"strings"
	"sync"
)

// A message that a sink took.
type message struct{ by, to, title, text string }

// Who listens: a relay for email, and what is told by webhooks.
type sinks struct {
	mu    sync.Mutex
	heard []message
	// what went wrong between a sink and whoever came
	wrong []string
}

func (s *sinks) take(one message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = append(s.heard, one)
}

func (s *sinks) all() []message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]message(nil), s.heard...)
}

func (s *sinks) complain(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrong = append(s.wrong, text)
}

func (s *sinks) complaints() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.wrong, "; ")
}

// Takes what is posted to this path as `by`, and nothing else.
func (s *sinks) webhook(listener net.Listener, certificate *tls.Certificate, path, by string) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || r.URL.Path != path {
			s.complain(by + " was asked for " + r.Method + " " + r.URL.Path)
			http.Error(w, "no_service", http.StatusNotFound)
			return
		}
		for _, one := range posted(by, body) {
			s.take(one)
		}
		_, _ = io.WriteString(w, "ok")
	})
	server := &http.Server{Handler: handler, ErrorLog: log.New(io.Discard, "", 0)}
	go func() {
		_ = server.Serve(tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{*certificate}}))
	}()
}

// What a webhook's body says, in the shape of an incoming webhook of Slack or of Alertmanager's own.
func posted(by string, body []byte) []message {
	var said struct {
		Channel     string
		Attachments []struct{ Title, Text, Fallback string }
		Status      string
		Alerts      []struct {
			Status      string
			Annotations map[string]string
		}
	}
	if err := json.Unmarshal(body, &said); err != nil {
		return []message{{by: by, text: "not JSON: " + err.Error()}}
	}
	var all []message
	for _, attachment := range said.Attachments {
		all = append(all, message{by: by, to: said.Channel, title: attachment.Title, text: attachment.Text})
	}
	for _, alert := range said.Alerts {
		text := alert.Annotations["summary"] + firing
		if alert.Status != "firing" {
			text = over + alert.Annotations["summary"]
		}
		all = append(all, message{by: by, text: text})
	}
	return all
}

// A relay that takes mail over TLS only, from this user only, or from anybody if there is none.
type relay struct {
	sinks          *sinks
	tls            *tls.Config
	implicit       bool
	user, password string
	// who may send
	from string
}

func (r *relay) serve(listener net.Listener) {
	if r.implicit {
		listener = tls.NewListener(listener, r.tls)
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go r.talk(conn)
	}
}

// One conversation by SMTP.
type conversation struct {
	*relay
	conn   net.Conn
	lines  *bufio.Reader
	safe   bool
	known  bool
	to     []string
	closed bool
}

func (r *relay) talk(conn net.Conn) {
	c := &conversation{relay: r, conn: conn, lines: bufio.NewReader(conn), safe: r.implicit, known: r.user == ""}
	defer func() { _ = c.conn.Close() }()
	c.say("220 relay ESMTP")
	for !c.closed {
		line, err := c.lines.ReadString('\n')
		if err != nil {
			return
		}
		c.answer(strings.TrimSpace(line))
	}
}

func (c *conversation) say(line string) { _, _ = io.WriteString(c.conn, line+"\r\n") }

func (c *conversation) answer(line string) {
	verb, rest, _ := strings.Cut(line, " ")
	switch verb = strings.ToUpper(verb); {
	case verb == "EHLO" && !c.safe:
		c.say("250-relay\r\n250 STARTTLS")
	case verb == "EHLO":
		c.say("250-relay\r\n250 AUTH PLAIN")
	case verb == "STARTTLS" && !c.safe:
		c.say("220 ready")
		c.conn, c.safe = tls.Server(c.conn, c.tls), true
		c.lines = bufio.NewReader(c.conn)
	case verb == "QUIT":
		c.say("221 bye")
		c.closed = true
	case !c.safe:
		c.refuse("530 5.7.0 must issue STARTTLS first", line)
	case verb == "AUTH":
		c.log(rest)
	case !c.known:
		c.refuse("530 5.7.0 authentication required", line)
	case verb == "MAIL" && !strings.HasPrefix(rest, "FROM:<"+c.from+">"):
		c.refuse("550 5.7.1 not the sender", line)
	case verb == "RCPT":
		_, address, _ := strings.Cut(rest, ":")
		c.to = append(c.to, strings.Trim(address, "<> "))
		c.say("250 ok")
	case verb == "DATA":
		c.data()
	default:
		c.say("250 ok")
	}
}

func (c *conversation) refuse(how, what string) {
	c.sinks.complain("email: " + how + " after " + what)
	c.say(how)
}

// AUTH PLAIN, with everything in one line.
func (c *conversation) log(rest string) {
	text, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(rest, "PLAIN "))
	if c.known = err == nil && string(text) == "\x00"+c.user+"\x00"+c.password; c.known {
		c.say("235 ok")
		return
	}
	c.refuse("535 5.7.8 wrong", "AUTH")
}

func (c *conversation) data() {
	c.say("354 go on")
	var text bytes.Buffer
	for {
		line, err := c.lines.ReadString('\n')
		if err != nil {
			return
		}
		if line == ".\r\n" {
			break
		}
		text.WriteString(strings.TrimPrefix(line, "."))
	}
	one, err := mailed(&text)
	if err != nil {
		c.sinks.complain("email: " + err.Error())
	}
	one.to = strings.Join(c.to, ", ")
	c.to = nil
	c.sinks.take(one)
	c.say("250 ok")
}

// What an email of several parts says; each part is another form of the same.
func mailed(from io.Reader) (message, error) {
	one := message{by: byEmail}
	read, err := mail.ReadMessage(from)
	if err != nil {
		return one, err
	}
	if one.title, err = new(mime.WordDecoder).DecodeHeader(read.Header.Get("Subject")); err != nil {
		return one, err
	}
	_, kind, err := mime.ParseMediaType(read.Header.Get("Content-Type"))
	if err != nil {
		return one, err
	}
	parts := multipart.NewReader(read.Body, kind["boundary"])
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return one, nil
		}
		if err != nil {
			return one, err
		}
		text, err := io.ReadAll(part)
		if err != nil {
			return one, err
		}
		one.text += strings.ReplaceAll(string(text), "\r\n", "\n")
	}
}
