// SPDX-License-Identifier: Apache-2.0

package import Domain
package import RPCRuntime

/// How live messages become bytes. Called once per view and batch, whatever the number of subscribers.
package struct LiveEncoding: Sendable {
  /// Encodes one committed batch.
  package let block: @Sendable (_ cursor: Int64, _ readings: [ValidReading]) -> MessageFrame
  /// Encodes the announcement of sensors.
  package let seriesAdded: @Sendable (_ sensors: [Sensor]) -> MessageFrame

  package init(
    block: @escaping @Sendable (_ cursor: Int64, _ readings: [ValidReading]) -> MessageFrame,
    seriesAdded: @escaping @Sendable (_ sensors: [Sensor]) -> MessageFrame
  ) {
    self.block = block
    self.seriesAdded = seriesAdded
  }
}
