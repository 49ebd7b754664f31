package standalone

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is the unprivileged account that a root process runs PostgreSQL as; nil means as ourselves.
type account struct {
	name       string
	credential syscall.Credential
}

// serverAccount returns the owner of the cluster; for a new one postgres, else nobody; nil if we are not root.
func serverAccount(clusterDir string) (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	info, err := os.Stat(clusterDir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("owner of the cluster: %w", err)
	}
	if err == nil {
		if owner := info.Sys().(*syscall.Stat_t); owner.Uid != 0 {
			name := strconv.FormatUint(uint64(owner.Uid), 10)
			if known, err := user.LookupId(name); err == nil {
				name = known.Username
			}
			return &account{name: name, credential: syscall.Credential{Uid: owner.Uid, Gid: owner.Gid}}, nil
		}
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(found.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(found.Gid, 10, 32)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return nil, fmt.Errorf("account %s: %w", name, err)
		}
		return &account{name: name, credential: syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is neither an account postgres nor an account nobody to run it as")
}

// String is the name of the account, for errors.
func (a *account) String() string {
	if a == nil {
		return "this user"
	}
	return a.name
}

func (a *account) uid() uint32 {
	if a == nil {
		return uint32(os.Geteuid())
	}
	return a.credential.Uid
}

// own makes the account the owner of a directory.
func (a *account) own(dir string) error {
	if a == nil {
		return nil
	}
	return os.Chown(dir, int(a.credential.Uid), int(a.credential.Gid))
}

// attributes make a child run as the account, in a process group of its own.
func (a *account) attributes() *syscall.SysProcAttr {
	attributes := &syscall.SysProcAttr{Setpgid: true}
	if a != nil {
		attributes.Credential = &a.credential
	}
	return attributes
}

// mayEnter returns an error that names the directory unless the account can enter dir and its parents.
func (a *account) mayEnter(dir string) error {
	if a == nil {
		return nil
	}
	for at := dir; ; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		if err != nil {
			return fmt.Errorf("data directory (AUREN_DATA_DIR): %w", err)
		}
		owner, need := info.Sys().(*syscall.Stat_t), fs.FileMode(0o001)
		switch {
		case owner.Uid == a.credential.Uid:
			need = 0o100
		case owner.Gid == a.credential.Gid:
			need = 0o010
		}
		if info.Mode()&need == 0 {
			return fmt.Errorf("data directory %s: PostgreSQL runs as the account %s, which cannot enter %s (mode %04o); choose another with AUREN_DATA_DIR, or chmod o+x %[3]s",
				dir, a, at, info.Mode().Perm())
		}
		if at == filepath.Dir(at) {
			return nil
		}
	}
}
