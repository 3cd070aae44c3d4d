// SPDX-License-Identifier: Apache-2.0

/// The types that are spoken in binary. Raw values are the object ids of PostgreSQL's `pg_type.dat`, which
/// never change.
package enum PostgresType: UInt32, Hashable, Sendable, CaseIterable {
  case bool = 16
  case bytea = 17
  case int8 = 20
  case int4 = 23
  case text = 25
  case float8 = 701
  case varchar = 1043
  case timestamptz = 1184
  case byteaArray = 1001
  case int4Array = 1007
  case textArray = 1009
  case int8Array = 1016
  case float8Array = 1022
  case timestamptzArray = 1185
}
