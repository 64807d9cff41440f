package runtime

import "slices"

// Role says how a field bears on privacy.
type Role string

// The roles. The tag phi of a struct field has its role; a field without one
// counts as none of these.
const (
	RoleDirectID  Role = "direct-id"
	RoleQuasiID   Role = "quasi-id"
	RoleSensitive Role = "sensitive"
	RoleEventDate Role = "event-date"
	RoleFreeText  Role = "free-text"
	RoleSafe      Role = "safe"
)

// kept are the roles whose fields stay.
type kept []Role

func (k kept) has(r Role) bool { return r == RoleSafe || slices.Contains(k, r) }

// wipe makes a field what it is in a struct without values. It holds nothing of
// what it held.
func wipe[T any](field *T) {
	var none T
	*field = none
}
