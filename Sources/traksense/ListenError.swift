// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore

/// A server that could not take its address; names the setting to change.
struct ListenError: Error, CustomStringConvertible {
  let description: String

  init(_ setting: Setting, _ address: some CustomStringConvertible, _ error: any Error) {
    var reason = "\(error)"
    if let code = (error as? IOError)?.errnoCode, let text = unsafe strerror(code) {
      reason = unsafe String(cString: text)
    }
    description = "cannot listen on \(address) (\(setting.rawValue)): \(reason)"
  }
}
