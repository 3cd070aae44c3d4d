// SPDX-License-Identifier: Apache-2.0

import TestSupport

extension Run {
  /// A script of `Foreign/`.
  static func script(_ name: String, _ arguments: [String]) throws -> Run {
    try Run(
      Tool.python(), ["\(Repository.root)/Tests/AdapterTests/Foreign/\(name)"] + arguments)
  }
}
