// SPDX-License-Identifier: Apache-2.0

/// Which part of a list is wanted, counted from 1.
package struct PageRequest: Hashable, Sendable {
  package static let defaultSize = 50
  package static let maxSize = 500

  /// From 1.
  package var number: Int
  /// 1 to ``maxSize``.
  package var size: Int

  package init(number: Int = 1, size: Int = Self.defaultSize) {
    self.number = number
    self.size = size
  }

  /// Rows before this page.
  package var offset: Int { (number - 1) * size }
}

/// Part of a list.
package struct Page<Element: Sendable>: Sendable {
  package var items: [Element]
  /// Of the whole list.
  package var count: Int

  package init(items: [Element], count: Int) {
    self.items = items
    self.count = count
  }
}

extension Page: Equatable where Element: Equatable {}
