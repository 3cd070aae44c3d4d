// SPDX-License-Identifier: Apache-2.0

/// Why a question about the catalogue has no answer, or a change was not made; then nothing was changed.
package enum CatalogueError: Error, Hashable, Sendable {
  /// There is no such thing here.
  case notFound
  /// What a field refers to does not exist; the field by its name in the API: `site`.
  case unknownReference(field: String)
  /// What is unique exists already; the field by its name in the API.
  case taken(field: String)
  /// The field by its name in the API, and what is wrong, for people.
  case invalid(field: String, String)
  /// Other things belong to it: how many, by what they are.
  case inUse([Usage])
  case store(StoreError)

  /// Things that belong to something.
  package struct Usage: Hashable, Sendable {
    /// `assets`, `devices`, `sensors` or `readings`.
    package var kind: String
    package var count: Int
    /// There may be more.
    package var isAtLeast: Bool

    package init(_ kind: String, _ count: Int, isAtLeast: Bool = false) {
      self.kind = kind
      self.count = count
      self.isAtLeast = isAtLeast
    }
  }
}
