// SPDX-License-Identifier: Apache-2.0
import Domain

/// A list on its way to SQL: conditions with their values, and an order.
struct ListStatement: Sendable {
  /// Tables with the aliases that conditions and order use.
  private let source: String
  /// Alias of the table whose rows are listed.
  private let key: String
  private var conditions: [String] = []
  private var values: [PostgresValue] = []
  /// Statements that tell whether what a filter names exists.
  private var references: [(field: String, Command)] = []

  init(_ source: String, key: String, withArchived: Bool) {
    self.source = source
    self.key = key
    if !withArchived { conditions.append("\(key).is_active") }
  }

  // MARK: Conditions

  mutating func require(_ condition: String) { conditions.append(condition) }

  /// - Parameter column: any expression.
  mutating func require(_ column: String, is value: PostgresValue?) {
    guard let value else { return }
    conditions.append("\(column) = \(parameter(value))")
  }

  mutating func require(_ column: String, isAnyOf values: [Int64]?) {
    guard let values else { return }
    conditions.append("\(column) = ANY (\(parameter(.int8Array(values))))")
  }

  mutating func require(_ expression: String, is value: Bool?) {
    guard let value else { return }
    conditions.append(value ? expression : "NOT \(expression)")
  }

  /// - Parameters:
  ///   - field: its name in the API.
  ///   - table: where the row must be.
  mutating func require(_ column: String, refersTo id: Int64?, in table: String, field: String) {
    guard let id else { return }
    require(column, is: .int8(id))
    references.append((field, Command("SELECT FROM \(table) WHERE id = $1", [.int8(id)])))
  }

  /// - Parameter terms: each must be part of one of the columns, in any case.
  mutating func search(_ terms: [String], in columns: [String]) {
    for term in terms {
      let pattern = parameter(.text("%\(Self.escaped(term))%"))
      conditions.append(
        "(\(columns.map { "\($0) ILIKE \(pattern)" }.joined(separator: " OR ")))")
    }
  }

  /// With backslashes before what LIKE would take for a pattern.
  static func escaped(_ term: String) -> String {
    var text = ""
    for scalar in term.unicodeScalars {
      if scalar == "\\" || scalar == "%" || scalar == "_" { text.unicodeScalars.append("\\") }
      text.unicodeScalars.append(scalar)
    }
    return text
  }

  private mutating func parameter(_ value: PostgresValue) -> String {
    values.append(value)
    return "$\(values.count)"
  }

  // MARK: Running

  /// The page and the length of the whole in one round trip: two statements, and one for each thing that a
  /// filter names.
  /// - Parameters:
  ///   - columns: what to select; `source`'s aliases, and `counts`.
  ///   - counts: a lateral join, done for the rows of the page only.
  ///   - order: expressions with their direction.
  func page<Element: Sendable>(
    _ request: PageRequest, columns: String, counts: String = "", order: [String],
    on connection: isolated PostgresConnection,
    _ read: (borrowing PostgresRow) throws(PostgresError) -> Element
  ) throws(PostgresError) -> Result<Page<Element>, CatalogueError> {
    let condition = conditions.isEmpty ? "true" : conditions.joined(separator: " AND ")
    let order = (order + ["\(key).id"]).joined(separator: ", ")
    let commands =
      references.map(\.1) + [
        Command("SELECT count(*) FROM \(source) WHERE \(condition)", values),
        Command(
          """
          SELECT \(columns) FROM (
            SELECT \(key).id AS page_id FROM \(source) WHERE \(condition)
            ORDER BY \(order) OFFSET $\(values.count + 1) LIMIT $\(values.count + 2)
          ) page CROSS JOIN \(source) \(counts)
          WHERE \(key).id = page.page_id ORDER BY \(order)
          """,
          values + [.int8(Int64(clamping: request.offset)), .int8(Int64(request.size))]),
      ]
    var page = Page<Element>(items: [], count: 0)
    let touched = try connection.pipeline(commands) {
      (number: Int, row: borrowing PostgresRow) throws(PostgresError) in
      switch number - references.count {
      case 0: page.count = Int(try row.int8(0))
      case 1: page.items.append(try read(row))
      default: break
      }
    }
    for (reference, count) in zip(references, touched) where count == 0 {
      return .failure(.unknownReference(field: reference.field))
    }
    return .success(page)
  }
}

extension OrderTerm {
  /// What is not known comes last, whichever way.
  func sql(_ expression: (Field) -> String) -> String {
    "\(expression(field)) \(isDescending ? "DESC" : "ASC") NULLS LAST"
  }
}
