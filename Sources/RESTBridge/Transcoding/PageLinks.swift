// SPDX-License-Identifier: Apache-2.0

import ByteText

/// The addresses of a list's neighbouring pages.
struct PageLinks {
  // Names that make a message a page, or the request for one.
  static let page = "page"
  static let pageSize = "page_size"
  static let count = "count"
  static let results = "results"
  /// What a request without, or with 0, gets. The lists' .proto files say the same.
  private static let defaultPageSize: UInt64 = 50
  private static let maximumPageSize: UInt64 = 500

  /// Absolute; nil when there is no such page.
  private(set) var next: String?
  private(set) var previous: String?

  /// - Parameters:
  ///   - count: rows of the whole list.
  ///   - query: of the request, checked before; its `page` and `page_size` are numbers.
  ///   - rawQuery: the same as text.
  ///   - address: of the request, without query.
  init(count: UInt64, _ query: QueryParameters, rawQuery: String?, address: String) {
    let page = max(1, query.text(Self.page).flatMap { UInt64($0) } ?? 1)
    var size = query.text(Self.pageSize).flatMap { UInt64($0) } ?? 0
    size = size == 0 ? Self.defaultPageSize : min(size, Self.maximumPageSize)
    let others = (rawQuery ?? "").split(separator: "&").filter { pair in
      PercentDecoding.decode(pair.prefix { $0 != "=" }, plusIsSpace: true) != Self.page
    }
    func link(_ page: UInt64) -> String {
      "\(address)?\((others + ["\(Self.page)=\(page)"]).joined(separator: "&"))"
    }
    if page * size < count { next = link(page + 1) }
    if page > 1 { previous = link(page - 1) }
  }
}
