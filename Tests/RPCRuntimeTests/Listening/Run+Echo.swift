// SPDX-License-Identifier: Apache-2.0

import TestSupport

extension Run {
  /// `Clients/echo.py` with grpcio.
  static func echo(_ target: String, _ arguments: [String]) throws -> Run {
    let script = "\(Repository.root)/Tests/RPCRuntimeTests/Clients/echo.py"
    return try Run(Tool.python(), [script, target] + arguments)
  }
}
