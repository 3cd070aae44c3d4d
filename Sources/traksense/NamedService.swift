// SPDX-License-Identifier: Apache-2.0

import ServiceLifecycle

/// A service whose description is its type's name. A service group describes each of its services when it is
/// made and keeps the text: that of a value with all it holds is a megabyte.
protocol NamedService: Service, CustomStringConvertible {}

extension NamedService {
  var description: String { "\(Self.self)" }
}
