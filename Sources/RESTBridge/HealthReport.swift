// SPDX-License-Identifier: Apache-2.0

import JSONText

/// Whether what the system depends on is there.
package struct HealthReport: Hashable, Sendable {
  /// The database answers.
  package var database: Bool
  /// The connection to the MQTT broker stands.
  package var mqtt: Bool

  /// Everything is there.
  package var isHealthy: Bool { database && mqtt }

  /// - Parameters:
  ///   - database: the database answers.
  ///   - mqtt: the connection to the broker stands.
  package init(database: Bool, mqtt: Bool) {
    self.database = database
    self.mqtt = mqtt
  }

  /// `{"db":true,"mqtt":true,"healthy":true}`
  var json: [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.key("db")
    json.bool(database)
    json.key("mqtt")
    json.bool(mqtt)
    json.key("healthy")
    json.bool(isHealthy)
    json.endObject()
    return json.bytes
  }
}
