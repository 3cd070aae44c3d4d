// SPDX-License-Identifier: Apache-2.0

/// One of the things that a list is ordered by.
package struct OrderTerm<Field: Hashable & Sendable>: Hashable, Sendable {
  package var field: Field
  package var isDescending: Bool

  package init(_ field: Field, isDescending: Bool = false) {
    self.field = field
    self.isDescending = isDescending
  }
}
