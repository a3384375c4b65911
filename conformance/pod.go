package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
	corev1 "k8s.io/api/core/v1"
)

// A rendered pod on a node. Its images are played by the programs of this run and the system's own; its volumes, its
// user, and what of its root may be written are as rendered.
type runningPod struct {
	node     *node
	name, ip string
	spec     corev1.PodSpec
	has      belongings
	// what its template has, besides what is rendered
	annotations map[string]string
	programs    string
	// what its image has, as the directory that stands for a path
	brings map[string]string
}

// Where a container finds the programs of this run.
const programsAt = "/programs"

func (n *node) pod(name, ip string, spec corev1.PodSpec, has belongings, programs string) (*runningPod, error) {
	p := &runningPod{node: n, name: name, ip: ip, spec: spec, has: has, programs: programs}
	for _, volume := range spec.Volumes {
		if err := p.fill(volume); err != nil {
			return nil, fmt.Errorf("volume %s of %s: %w", volume.Name, name, err)
		}
	}
	return p, nil
}

func (p *runningPod) volume(name string) string {
	return filepath.Join(p.node.dir, p.name, "volumes", name)
}

// Makes the volume as a kubelet does.
func (p *runningPod) fill(volume corev1.Volume) error {
	dir := p.volume(volume.Name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	switch {
	case volume.ConfigMap != nil:
		return write(dir, p.has.files[volume.ConfigMap.Name], volume.ConfigMap.Items)
	case volume.Secret != nil:
		return write(dir, p.has.secrets[volume.Secret.SecretName], volume.Secret.Items)
	case volume.EmptyDir != nil:
		return os.Chmod(dir, 0o777)
	case volume.PersistentVolumeClaim != nil:
		return p.claim(volume.Name)
	}
	return errors.New("nobody knows how to make it")
}

// A volume of its own, which its group may write to.
func (p *runningPod) claim(name string) error {
	dir := p.volume(name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	group := p.spec.SecurityContext.FSGroup
	if group == nil {
		return nil
	}
	if err := os.Chown(dir, 0, int(*group)); err != nil {
		return err
	}
	return os.Chmod(dir, os.ModeSetgid|0o775)
}

func write(dir string, content map[string]string, items []corev1.KeyToPath) error {
	if content == nil {
		return errors.New("it is of what does not exist")
	}
	if len(items) == 0 {
		for key := range content {
			items = append(items, corev1.KeyToPath{Key: key, Path: key})
		}
	}
	for _, item := range items {
		text, isThere := content[item.Key]
		if !isThere {
			return fmt.Errorf("it lacks %s", item.Key)
		}
		if err := os.WriteFile(filepath.Join(dir, item.Path), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// The paths of the machine that stand for what images have.
var system = []string{"bin", "lib", "lib64", "sbin"}

// Makes the root of a container, which is seen by this node only.
func (p *runningPod) root(container corev1.Container) (string, error) {
	root := filepath.Join(p.node.dir, p.name, container.Name)
	for _, dir := range []string{"usr", "dev", "etc/ssl/certs", programsAt} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			return "", err
		}
	}
	for _, name := range system {
		to, err := os.Readlink("/" + name)
		if err != nil {
			return "", fmt.Errorf("this machine keeps /%s apart from /usr: %w", name, err)
		}
		if err := os.Symlink(to, filepath.Join(root, name)); err != nil {
			return "", err
		}
	}
	hosts := "127.0.0.1 localhost\n"
	for _, name := range slices.Sorted(maps.Keys(p.node.hosts)) {
		hosts += p.node.hosts[name] + " " + name + "\n"
	}
	for path, text := range map[string]string{
		"etc/hosts": hosts, "etc/nsswitch.conf": "hosts: files\n", "dev/null": "", "dev/urandom": "",
		"etc/ssl/certs/ca-certificates.crt": string(p.node.authority.pem),
	} {
		if err := os.WriteFile(filepath.Join(root, path), []byte(text), 0o644); err != nil {
			return "", err
		}
	}
	return root, p.node.in(func() error { return p.mount(root, container) })
}

func (p *runningPod) mount(root string, container corev1.Container) error {
	if err := bind(root, root, false); err != nil {
		return err
	}
	for _, device := range []string{"/dev/null", "/dev/urandom"} {
		if err := bind(device, filepath.Join(root, device), false); err != nil {
			return err
		}
	}
	if err := bind("/usr", filepath.Join(root, "usr"), true); err != nil {
		return err
	}
	if err := bind(p.programs, filepath.Join(root, programsAt), true); err != nil {
		return err
	}
	for path, dir := range p.brings {
		at := filepath.Join(root, path)
		if err := os.MkdirAll(at, 0o755); err != nil {
			return err
		}
		if err := bind(dir, at, true); err != nil {
			return err
		}
	}
	for _, mount := range container.VolumeMounts {
		at := filepath.Join(root, mount.MountPath)
		if err := os.MkdirAll(at, 0o755); err != nil {
			return err
		}
		if err := bind(p.volume(mount.Name), at, mount.ReadOnly); err != nil {
			return err
		}
	}
	if only := container.SecurityContext.ReadOnlyRootFilesystem; only != nil && *only {
		return unix.Mount("", root, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, "")
	}
	return nil
}

func bind(from, to string, readOnly bool) error {
	if err := unix.Mount(from, to, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("%s at %s: %w", from, to, err)
	}
	if !readOnly {
		return nil
	}
	return unix.Mount("", to, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, "")
}

// What the pod says of itself in the field of this path.
func (p *runningPod) field(path string) (value string, isKnown bool) {
	if key, isAnnotation := strings.CutPrefix(path, "metadata.annotations['"); isAnnotation {
		return p.annotations[strings.TrimSuffix(key, "']")], true
	}
	return p.ip, path == "status.podIP"
}

// Starts a program in the root of a container, as its user, without any rights.
func (p *runningPod) start(root string, container corev1.Container, path string, args ...string) (*process, error) {
	env, declared, err := variables(container, p.field, p.has.secrets)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path, append(declared, args...)...)
	return p.launch(root, container.Name, env, cmd)
}

func (p *runningPod) launch(root, name string, env []string, cmd *exec.Cmd) (*process, error) {
	of := p.spec.SecurityContext
	who := &syscall.Credential{Uid: uint32(*of.RunAsUser), Gid: uint32(*of.RunAsGroup)}
	if of.FSGroup != nil {
		who.Groups = []uint32{uint32(*of.FSGroup)}
	}
	cmd.Dir, cmd.Env = "/", append([]string{"PATH=" + programsAt + ":/usr/sbin:/usr/bin"}, env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: who}
	var started *process
	err := p.node.in(func() (err error) {
		started, err = launch(filepath.Join(p.node.dir, p.name+"-"+name+".log"), cmd)
		return err
	})
	if err == nil {
		p.node.processes = append(p.node.processes, started)
	}
	return started, err
}

// Runs a program to its end; what it wrote, and whether it ended well.
func (p *runningPod) run(
	ctx context.Context, root, name string, env []string, command ...string,
) (said string, isGood bool, err error) {
	process, err := p.launch(root, name, env, exec.Command(command[0], command[1:]...))
	if err != nil {
		return "", false, err
	}
	select {
	case <-ctx.Done():
		return "", false, ctx.Err()
	case <-process.done:
	}
	text, err := os.ReadFile(process.log.Name())
	return strings.TrimSpace(string(text)), process.cmd.ProcessState.Success(), err
}
