package database

import (
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
	pgxuuid "github.com/vgarvardt/pgx-google-uuid/v5"
)

// registerUUIDs makes pgx send and read every uuid.UUID in binary. By default it uses the type's text methods, which
// take precedence over pgxuuid when reading.
func registerUUIDs(types *pgtype.Map) {
	pgxuuid.Register(types)
	types.RegisterType(&pgtype.Type{Name: "uuid", OID: pgtype.UUIDOID, Codec: uuidCodec{}})
}

type uuidCodec struct{ pgxuuid.UUIDCodec }

// PlanScan is pgxuuid's, except for a plain uuid.UUID.
func (c uuidCodec) PlanScan(types *pgtype.Map, oid uint32, format int16, target any) pgtype.ScanPlan {
	if _, ok := target.(*uuid.UUID); ok && format == pgtype.BinaryFormatCode {
		return scanUUID{}
	}
	return c.UUIDCodec.PlanScan(types, oid, format, target)
}

type scanUUID struct{}

// Scan copies the bytes.
func (scanUUID) Scan(source []byte, target any) error {
	id := target.(*uuid.UUID)
	if len(source) != len(id) {
		return fmt.Errorf("a UUID must have 16 bytes, got %d", len(source))
	}
	copy(id[:], source)
	return nil
}
