// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport

/// `building-monitor` of Examples/, in each of its languages.
enum ExampleClient: String, CaseIterable, Sendable {
  case swift, python

  /// Starts it as its README says.
  /// - Parameters:
  ///   - key: the API key; nil: the tenant's, which reads.
  ///   - url: nil: the stack's server.
  func run(
    _ arguments: [String], on stack: TestStack, key: String? = nil, url: String? = nil
  ) throws -> Run {
    let environment = [
      "TRAKSENSE_API_KEY": key ?? stack.key(of: "umc"),
      "TRAKSENSE_URL": url ?? "http://\(stack.rpcAddress)", "TRAKSENSE_TENANT": "umc",
    ]
    let log = stack.freshLog("building-monitor")
    switch self {
    case .swift:
      return try Run(
        Repository.program("building-monitor"), arguments, environment: environment, log: log)
    case .python:
      return try Run(
        Tool.python().path,
        ["\(Repository.root)/Examples/Python/building_monitor.py"] + arguments,
        environment: environment, log: log)
    }
  }
}
