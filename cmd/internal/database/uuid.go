package database

import (
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
	pgxuuid "github.com/vgarvardt/pgx-google-uuid/v5"
)

// registerUUIDs has every uuid.UUID sent and read as the bytes that it is. Else it would be written and parsed as text, for
// it has methods for that; when reading, pgxuuid comes after them.
func registerUUIDs(types *pgtype.Map) {
	pgxuuid.Register(types)
	types.RegisterType(&pgtype.Type{Name: "uuid", OID: pgtype.UUIDOID, Codec: uuidCodec{}})
}

type uuidCodec struct{ pgxuuid.UUIDCodec }

// PlanScan is that of pgxuuid but for a plain uuid.UUID.
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
		return fmt.Errorf("a UUID of %d bytes", len(source))
	}
	copy(id[:], source)
	return nil
}
