package memory

import "time"

// SetExpiry sets when an active memory expires; nil means never. It returns no event if nothing changes. A time in the
// past is allowed and hides the memory at once.
func (m *Memory) SetExpiry(expiresAt *time.Time, now time.Time) (Event, error) {
	expiresAt, err := checkOptionalTime("expires_at", expiresAt)
	if err != nil {
		return nil, err
	}
	if err := m.active(now); err != nil {
		return nil, err
	}
	if sameTime(expiresAt, m.now.ExpiresAt) {
		return nil, nil
	}
	return ExpirySet{ExpiresAt: expiresAt}, nil
}

// Forget hides a memory. It returns no event if the memory is already forgotten; an expired memory cannot be forgotten.
func (m *Memory) Forget(now time.Time) (Event, error) {
	if err := m.exists(); err != nil {
		return nil, err
	}
	if m.now.State == StateForgotten {
		return nil, nil
	}
	if err := m.active(now); err != nil {
		return nil, err
	}
	return Forgotten{}, nil
}

// Restore brings a forgotten or expired memory back; it returns no event if the memory is active. It drops an expires_at
// that has passed; otherwise the memory would expire again at once.
func (m *Memory) Restore(now time.Time) (Event, error) {
	if err := m.exists(); err != nil {
		return nil, err
	}
	if m.now.StateAt(now) == StateActive {
		return nil, nil
	}
	e := Restored{ExpiresAt: m.now.ExpiresAt}
	if e.ExpiresAt != nil && !now.Before(*e.ExpiresAt) {
		e.ExpiresAt = nil
	}
	return e, nil
}

// Expire records that the expires_at of an active memory has passed; it returns no event if it has not.
func (m *Memory) Expire(now time.Time) (Event, error) {
	if err := m.exists(); err != nil {
		return nil, err
	}
	if m.now.State != StateActive || m.now.StateAt(now) != StateExpired {
		return nil, nil
	}
	return Expired{ExpiresAt: *m.now.ExpiresAt}, nil
}

func sameTime(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}
