// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime

extension PageRequest {
  /// - Parameters:
  ///   - page: from 1; 0: 1.
  ///   - pageSize: 0: the default.
  init(page: UInt32, pageSize: UInt32) throws(RPCError) {
    guard pageSize <= PageRequest.maxSize else {
      throw .invalid("page_size", "Must be at most \(PageRequest.maxSize).")
    }
    self.init(
      number: max(1, Int(page)),
      size: pageSize == 0 ? PageRequest.defaultSize : Int(pageSize))
  }
}

extension Page {
  /// - Throws: NOT_FOUND naming `page` when the list ends before it; the first page is always there.
  func checked(_ request: PageRequest) throws(RPCError) -> Page {
    guard request.number == 1 || request.offset < count else {
      throw .notFound("page", "Invalid page.")
    }
    return self
  }
}
