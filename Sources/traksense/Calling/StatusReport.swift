// SPDX-License-Identifier: Apache-2.0

import RPCRuntime

/// A status other than OK for people, the details below it.
struct StatusReport {
  let text: String

  init(_ error: RPCError) {
    var lines = ["\(error.code.canonicalName): \(error.message)"]
    for violation in error.violations {
      lines.append("  \(violation.field): \(violation.description)")
    }
    if let delay = error.retryAfter { lines.append("  retry after \(delay)") }
    if let reason = error.details.reason {
      let values = reason.metadata.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }
      lines.append("  reason \(reason.reason) of \(reason.domain)\(values.joined())")
    }
    if let resource = error.details.resource {
      lines.append("  \(resource.type) \(resource.name) \(resource.description)")
    }
    text = lines.joined(separator: "\n") + "\n"
  }
}
