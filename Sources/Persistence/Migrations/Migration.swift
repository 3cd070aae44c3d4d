// SPDX-License-Identifier: Apache-2.0

/// One numbered step of a schema. Applied steps are never edited: a change is a new step.
package struct Migration: Sendable {
  /// From 1, without gaps, in order.
  package let number: Int32
  let name: String
  /// SQL with the placeholders of ``script(for:storage:)``.
  let sql: String
  /// Run after `sql` where readings live in a hypertable.
  var onHypertable = ""
  /// Run after `sql` where readings live in native partitions.
  var onPartitions = ""

  package init(
    number: Int32, name: String, sql: String, onHypertable: String = "", onPartitions: String = ""
  ) {
    self.number = number
    self.name = name
    self.sql = sql
    self.onHypertable = onHypertable
    self.onPartitions = onPartitions
  }

  /// Placeholders: `{schema}` the quoted schema; `{readings}` the readings table as a string literal;
  /// `{timescale}` the quoted schema of the TimescaleDB extension.
  func script(for schema: PostgresIdentifier, storage: ReadingStorage) -> String {
    let text: String
    switch storage {
    case .hypertable(let timescale):
      text = (sql + "\n" + onHypertable).replacing("{timescale}", with: timescale.quoted)
    case .partitions:
      text = sql + "\n" + onPartitions
    }
    return text.replacing(
      "{readings}",
      with: PostgresIdentifier.literal("\(schema.quoted).telemetry_readings")
    ).replacing("{schema}", with: schema.quoted)
  }

  /// Order of application.
  package static let forPublic: [Migration] = [
    .public0001Tenants, .public0002Unroutable, .public0003Accounts,
  ]
  package static let forTenants: [Migration] = [
    .tenant0001Catalogue, .tenant0002Readings, .tenant0003Ingest, .tenant0004CatalogueLimits,
    .tenant0005Rollups, .tenant0006Status, .tenant0007Orphans, .tenant0008Heartbeats,
    .tenant0009Warnings,
  ]
}

extension String {
  fileprivate func replacing(_ placeholder: String, with value: String) -> String {
    var result = ""
    var rest = self[...]
    while let brace = rest.firstIndex(of: "{") {
      result += rest[..<brace]
      rest = rest[brace...]
      if rest.hasPrefix(placeholder) {
        result += value
        rest = rest.dropFirst(placeholder.count)
      } else {
        result.append(rest.removeFirst())
      }
    }
    return result + rest
  }
}
